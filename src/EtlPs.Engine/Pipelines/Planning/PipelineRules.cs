using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>When a pipeline may start, when it may go on, and what is wrong where it may not.</summary>
internal sealed class PipelineRules(
    PipelineDefinition definition, ServerIdentity identity, PipelineRecord? known, PublicationInfo? publication,
    SlotInfo? slot)
{
    private string SlotName => definition.EffectiveSlotName;

    /// <summary>Beginning from nothing: whatever bears the pipeline's names must be its own.</summary>
    public void CheckStart(SurveyRequest request, bool usesSlot)
    {
        if (known is { Stage: not PipelineStage.SnapshotOnly } && IsSameSource) CheckNames();
        if (!usesSlot) return;
        var isOurs = IsOurs(request, usesSlot);
        if (slot is not null && slot.Database != identity.Database)
            throw new EtlException(
                EtlErrorCode.SlotExists,
                $"Replication slot {SlotName} exists at the source, for "
                + $"{(slot.Database is { } other ? $"database {other}" : "physical replication")}.",
                "Slot names are one for all databases of a server: give the pipeline another -Name or -SlotName.")
            {
                Subject = SlotName,
            };
        if (slot is not null && !isOurs)
            throw new EtlException(
                EtlErrorCode.SlotExists,
                $"Replication slot {SlotName} exists at the source, and {definition.Destination} knows nothing of it.",
                "If it is left from a lost copy of this pipeline, use -Restart, which drops it and copies anew; "
                + "if it is somebody else's, give the pipeline another -Name or -SlotName.")
            {
                Subject = SlotName,
            };
        if (slot is { Active: true }) throw SlotActive();
        if (definition.Publication is not null && publication is null)
            throw new EtlException(
                EtlErrorCode.PublicationUnusable,
                $"Publication {definition.Publication} does not exist in {definition.Source}.",
                "Create it, or leave -Publication out and let the pipeline make its own.")
            {
                Subject = definition.Publication,
            };
        if (definition.Publication is null && publication is not null && !isOurs)
            throw new EtlException(
                EtlErrorCode.PublicationUnusable,
                $"Publication {publication.Name} exists at the source, and {definition.Destination} knows nothing of "
                + "it.",
                $"Use it with -Publication {publication.Name}, replace it with -Restart, or give the pipeline another "
                + "-Name.")
            {
                Subject = publication.Name,
            };
    }

    /// <summary>The slot that a new start replaces.</summary>
    public SlotInfo? SlotToDrop(SurveyRequest request, bool usesSlot) =>
        slot?.Database == identity.Database && IsOurs(request, usesSlot) ? slot : null;

    /// <summary>The publication that a new start replaces; never one that a DBA made.</summary>
    public PublicationInfo? PublicationToDrop(SurveyRequest request, bool usesSlot) =>
        definition.Publication is null && IsOurs(request, usesSlot) ? publication : null;

    /// <summary>Going on: same source, and a slot that still has everything the destination lacks.</summary>
    public void CheckContinuation(SurveyRequest request)
    {
        CheckSource();
        if (known!.Stage == PipelineStage.SnapshotOnly)
        {
            if (request.SnapshotOnly) return;
            throw new EtlException(
                EtlErrorCode.SnapshotOnlyCopy,
                $"Pipeline {definition.Name} was copied with -SnapshotOnly: without a slot, nobody knows what changed "
                + "since.",
                "Use -Restart to copy anew with a slot.")
            {
                Subject = definition.Name,
            };
        }
        if (request.SnapshotOnly)
            throw new EtlException(
                EtlErrorCode.InvalidArgument,
                $"Pipeline {definition.Name} has a slot and follows changes; -SnapshotOnly would lose them.",
                "Leave -SnapshotOnly out, or use another pipeline name and destination for a one-off copy.")
            {
                Subject = definition.Name,
            };
        CheckNames();
        CheckSlot();
    }

    /// <summary>The destination's copy must come from this very database.</summary>
    public void CheckSource()
    {
        if (!IsSameSource)
            throw new EtlException(
                EtlErrorCode.SourceChanged,
                $"{definition.Destination} holds a copy of database {known!.Database} of another server (system "
                + $"identifier {known.SystemIdentifier}); the source is {identity.Database} with "
                + $"{identity.SystemIdentifier}.",
                "Correct -Source or -Destination, or use -Restart to drop that copy and make a new one.")
            {
                Subject = definition.Name,
            };
    }

    /// <summary>What a careful person would want to know before.</summary>
    /// <param name="usesSlot">Whether the run streams, now or later.</param>
    /// <param name="tables">The pipeline's tables as they are known, where the run goes on with them.</param>
    public IReadOnlyList<string> Warnings(bool usesSlot, IEnumerable<TableRecord> tables)
    {
        var warnings = new List<string>();
        if (LeftBehind() is { } left) warnings.Add(left);
        if (SetAside(definition, tables) is { } aside) warnings.Add(aside);
        if (usesSlot && MissingOperations() is { } missing) warnings.Add(missing);
        return warnings;
    }

    /// <summary>
    /// What the copy that is dropped has at a server that the run does not reach, and nobody will name any more; null:
    /// nothing.
    /// </summary>
    private string? LeftBehind() => known is not { Stage: not PipelineStage.SnapshotOnly } || IsSameSource
        ? null
        : $"The copy that is dropped was of database {known.Database} of another server (system identifier "
        + $"{known.SystemIdentifier}). Its replication slot {known.SlotName}, where it still exists, keeps that "
        + $"server's WAL for ever. Drop it there: SELECT pg_drop_replication_slot('{known.SlotName}');"
        + (known.OwnsPublication ? $" {PublicationCatalog.DropStatement(known.Publication)};" : "");

    /// <summary>Which tables a run goes on without; null: none.</summary>
    public static string? SetAside(PipelineDefinition definition, IEnumerable<TableRecord> tables)
    {
        var aside = tables.Where(t => t.State == TableState.SetAside).Select(t => t.Source.ToString()).ToList();
        return aside.Count == 0
            ? null
            : "Set aside and not followed: "
            + $"{string.Join(", ", aside.Take(10))}{(aside.Count > 10 ? $" and {aside.Count - 10} more" : "")}. "
            + $"Get-EtlTable {definition.Name} -State SetAside tells why; Reset-EtlTable copies them again.";
    }

    /// <summary>
    /// Whether the publication sends whatever becomes of a row. A truncation leaves none to become anything.
    /// </summary>
    public bool SendsAllRows =>
        definition.Publication is null || publication is not { Insert: false } and not { Update: false };

    /// <summary>
    /// Whether the slot is to outlive a failover, and does not. One that does, whoever made it so, is left as it is.
    /// </summary>
    public bool LacksFailover => definition.FailoverSlot && slot is { Failover: false };

    /// <summary>What a publication that a DBA made leaves out; null: nothing.</summary>
    public string? MissingOperations() =>
        publication is null || definition.Publication is null
        || (publication.Insert && publication.Update && publication.Delete && publication.Truncate)
            ? null
            : $"Publication {publication.Name} does not publish all of insert, update, delete and truncate: what it "
            + "leaves out is not followed.";

    public static string UnlimitedWal(PipelineDefinition definition) =>
        $"{UnlimitedWalEvidence(definition)} {UnlimitedWalRemedy}";

    public static string UnlimitedWalEvidence(PipelineDefinition definition) =>
        $"max_slot_wal_keep_size of {definition.Source.Host}:{definition.Source.Port} is -1: while nothing streams "
        + $"from slot {definition.EffectiveSlotName}, it keeps WAL without a limit, until the source's disk is full.";

    public const string UnlimitedWalRemedy =
        "Set a limit that leaves room to notice, and stream often; Get-EtlSlotLag tells what is kept.";

    /// <summary>A slot's position must outlive the run, or the next one could not go on.</summary>
    public static void RequireFile(SurveyRequest request, PipelineDefinition definition)
    {
        if (definition.Destination.IsInMemory && !request.SnapshotOnly)
            throw new EtlException(
                EtlErrorCode.InvalidArgument,
                "A stream needs a destination that stays: a database in memory is gone with its position.",
                "Give the pipeline a file as its destination, or copy once into memory with Start-EtlBackfill.")
            {
                Subject = definition.Name,
            };
    }

    public static void RequireTables(IReadOnlyList<TableSchema> tables, PipelineDefinition definition)
    {
        if (tables.Count == 0)
            throw new EtlException(
                EtlErrorCode.TableNotFound,
                $"There is no table to copy in {definition.Source}.",
                "Check the database name and the role's rights, or name the tables with -Table.")
            {
                Subject = definition.Name,
            };
    }

    public static EtlException TableGone(TableName table) => new(
        EtlErrorCode.TableNotFound,
        $"Table {table} is no longer there; a table made again under its name is another one.",
        "Copy the pipeline's tables again with -Restart.")
    {
        Subject = table.ToString(),
    };

    public static EtlException PartitionCopied(TableName partition, TableName root) => new(
        EtlErrorCode.InvalidArgument,
        $"Table {root} is partitioned, and {partition}, a partition of it, is copied as a table of its own.",
        "Leave the one out that you do not want, and begin anew with -Restart.")
    {
        Subject = root.ToString(),
    };

    public static EtlException DestinationTaken(TableName table, PipelineDefinition definition) => new(
        EtlErrorCode.DestinationTableExists,
        $"{definition.Destination} already has a table {table} that is not this pipeline's.",
        "Rename or drop it, or give the pipeline another -DestinationSchema, or the table another name with -TableMap.")
    {
        Subject = table.ToString(),
    };

    public static EtlException DestinationOfAnother(TableName table, string other, PipelineDefinition definition) =>
        new(
            EtlErrorCode.DestinationTableExists,
            $"Table {table} of {definition.Destination} is pipeline {other}'s, shown already or not.",
            "Give the pipeline another -DestinationSchema, or the table another name with -TableMap; "
            + $"or remove pipeline {other}.")
    {
        Subject = table.ToString(),
    };

    /// <summary>
    /// Whether what bears the pipeline's names may be dropped: the destination says that the pipeline made it in this
    /// very database, or the user asks for a new slot in its place.
    /// </summary>
    private bool IsOurs(SurveyRequest request, bool usesSlot) =>
        (request.Restart && usesSlot)
        || (known is { Stage: not PipelineStage.SnapshotOnly } && IsSameSource);

    private bool IsSameSource =>
        known?.SystemIdentifier == identity.SystemIdentifier && known.Database == identity.Database;

    /// <summary>
    /// Another publication may carry other tables, whose changes would be passed over in silence; and a slot that
    /// nobody names any more would keep the source's WAL for ever.
    /// </summary>
    private void CheckNames()
    {
        if (known!.SlotName == SlotName && known.Publication == definition.EffectivePublication) return;
        throw new EtlException(
            EtlErrorCode.InvalidArgument,
            $"Pipeline {definition.Name} was started with slot {known.SlotName} and publication {known.Publication}, "
            + $"and is now to go on with slot {SlotName} and publication {definition.EffectivePublication}.",
            "Name the same -SlotName and -Publication as before; "
            + "or remove the pipeline, drop its tables and begin anew.")
        {
            Subject = definition.Name,
        };
    }

    private void CheckSlot()
    {
        if (slot is null || slot.Database != identity.Database)
            throw new EtlException(
                EtlErrorCode.SlotMissing,
                $"Replication slot {SlotName} is gone; changes since {known!.Position} may be gone with it.",
                "Use -Restart to copy anew.")
            {
                Subject = SlotName,
            };
        if (slot.WalStatus == "lost") throw SlotErrors.Lost(SlotName, slot.Invalidation);
        if (publication is null)
            throw new EtlException(
                EtlErrorCode.PublicationUnusable,
                $"Publication {known!.Publication} is gone from {definition.Source}: the slot sends nothing without "
                + "it.",
                "Use -Restart to copy anew: what changed while there was no publication cannot be had any more.")
            {
                Subject = known.Publication,
            };
        if (slot.Active) throw SlotActive();
        if (slot.ConfirmedFlushLsn is { } confirmed && confirmed > known!.Position)
            throw new EtlException(
                EtlErrorCode.DestinationBehindSlot,
                $"{definition.Destination} stands at {known.Position}, but slot {SlotName} was confirmed up to "
                + $"{confirmed}: the changes in between are gone. The file is probably an older copy.",
                "Bring back the newer file, or use -Restart to copy anew.")
            {
                Subject = SlotName,
            };
    }

    private EtlException SlotActive() => new(
        EtlErrorCode.SlotActive,
        $"Replication slot {SlotName} is in use by server process {slot!.ActivePid}.",
        $"Stop the other run of pipeline {definition.Name} first; "
        + "after a cut connection the server lets the slot go within wal_sender_timeout.")
    {
        Subject = SlotName,
    };
}
