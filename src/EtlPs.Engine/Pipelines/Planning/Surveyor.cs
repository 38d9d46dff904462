using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Looks at source and destination, with reads only, and refuses what cannot come out right.</summary>
/// <param name="definition">The pipeline.</param>
/// <param name="source">A session in the source database.</param>
/// <param name="destination">The destination; null: the file does not exist yet.</param>
internal sealed class Surveyor(PipelineDefinition definition, NpgsqlConnection source, DuckDBConnection? destination)
{
    private readonly CatalogReader _catalog = new(source);
    private readonly ColumnRules _rules = new(definition);
    private readonly TableNames _names = new(definition);
    private readonly StateStore? _state = destination is null ? null : new StateStore(destination, definition.Name);

    /// <exception cref="EtlException">Whatever makes the run impossible as asked.</exception>
    public async Task<Survey> TakeAsync(
        SurveyRequest request, CancellationToken cancellationToken)
    {
        var known = _state?.FindPipeline();
        var earlier = _state?.ReadTables() ?? [];
        var startsAnew = request.Restart || known is null or { Stage: PipelineStage.Creating };
        PipelineRules.RequireFile(request, definition);
        var usesSlot = !request.SnapshotOnly;
        var conditions = new RowConditions(request, definition);

        var preflight = new Preflight(source, definition.Source);
        await preflight.CheckServerAsync(cancellationToken).ConfigureAwait(false);
        if (usesSlot)
            await preflight.CheckReplicationAsync(cancellationToken, definition.EffectiveSlotName)
                .ConfigureAwait(false);

        if (usesSlot && definition.FailoverSlot) preflight.CheckFailoverSlots();

        var look = await SourceLook.ReadAsync(definition, source, known, cancellationToken).ConfigureAwait(false);
        var (rules, publication) = (look.Rules, look.Publication);
        if (startsAnew) rules.CheckStart(request, usesSlot);
        else look.CheckContinuation(request);
        if (usesSlot && definition.FailoverSlot && (startsAnew || rules.LacksFailover))
            await FailoverSlot.RequireWayAsync(new PostgresConnector(definition.Source), cancellationToken)
                .ConfigureAwait(false);
        var joining = JoiningTables.None;
        if (!startsAnew)
        {
            conditions.CheckSame(earlier);
            var unbound = earlier.Where(t => !DefinitionCheck.IsBound(t, request.Resets)).ToList();
            var now = await ReadNowAsync(unbound, usesSlot, cancellationToken).ConfigureAwait(false);
            if (request.Resets is null)
                joining = await FindJoiningAsync(preflight, earlier, usesSlot, cancellationToken).ConfigureAwait(false);
            new DefinitionCheck(definition, _rules, _names).Check(earlier, request.Resets, now, joining);
        }

        var tables = startsAnew
            ? await SelectTablesAsync(preflight, request, conditions, publication, cancellationToken)
                .ConfigureAwait(false)
            : [.. await LookAgainAsync(earlier, usesSlot, cancellationToken).ConfigureAwait(false), .. joining.Tables];
        return new Survey
        {
            Identity = look.Identity,
            LeftTimeline = startsAnew ? null : look.LeftTimeline,
            Known = known,
            StartsAnew = startsAnew,
            UsesSlot = usesSlot,
            SendsAllRows = rules.SendsAllRows,
            SlotToDrop = startsAnew ? rules.SlotToDrop(request, usesSlot) : null,
            EnablesFailover = !startsAnew && usesSlot && rules.LacksFailover,
            PublicationToDrop = startsAnew ? rules.PublicationToDrop(request, usesSlot) : null,
            Tables = tables,
            Joining = joining,
            EarlierTables = earlier,
            Warnings =
            [
                .. rules.Warnings(usesSlot, startsAnew ? [] : earlier),
                .. joining.Warnings,
                .. joining.IdleExclusions,
                .. await WarnOfNewSlotAsync(startsAnew && usesSlot, cancellationToken).ConfigureAwait(false),
            ],
        };
    }

    /// <summary>What a slot that is going to be made may do to the source; told once, not at each start.</summary>
    private async Task<IReadOnlyList<string>> WarnOfNewSlotAsync(bool makesSlot, CancellationToken cancellationToken) =>
        makesSlot && await SlotRoomReader.ReadLimitAsync(source, cancellationToken).ConfigureAwait(false) is null
            ? [PipelineRules.UnlimitedWal(definition)]
            : [];

    private async Task<IReadOnlyList<SurveyedTable>> SelectTablesAsync(
        Preflight preflight, SurveyRequest request, RowConditions conditions, PublicationInfo? publication,
        CancellationToken cancellationToken)
    {
        var schemas = conditions.ApplyTo(
            await SelectAsync(request, publication, cancellationToken).ConfigureAwait(false));
        await preflight.CheckTablesAsync(schemas, cancellationToken).ConfigureAwait(false);
        if (!request.SnapshotOnly)
            await (definition.Publication is null
                ? preflight.CheckPublishableAsync(schemas, cancellationToken)
                : preflight.CheckPartitionsAsync(schemas, definition.Publication, cancellationToken))
                    .ConfigureAwait(false);

        var tables = await SurveyAsync([.. schemas.Select(NewRecord)], !request.SnapshotOnly, cancellationToken)
            .ConfigureAwait(false);
        var records = tables.Select(t => t.Record).ToList();
        CheckNames(records);
        CheckDestination(records);
        return tables;
    }

    /// <summary>
    /// Each is looked at by itself: what only a pattern names, and what cannot be streamed, keeps no pipeline from
    /// going on that did until now.
    /// </summary>
    private async Task<JoiningTables> FindJoiningAsync(
        Preflight preflight, IReadOnlyList<TableRecord> known, bool usesSlot, CancellationToken cancellationToken)
    {
        var carried = usesSlot ? definition.Publication : null;
        var published = carried is null
            ? null
            : await _catalog.TryReadPublishedTablesAsync(carried, cancellationToken).ConfigureAwait(false);
        var scope = new DefinitionScope(definition, _catalog, known);
        if (carried is not null && published is null)
        {
            await scope.RequireAsync(usesSlot, cancellationToken).ConfigureAwait(false);
            return JoiningTables.Later(carried);
        }
        var (found, idle) = await scope.FindNewAsync(published, usesSlot, cancellationToken).ConfigureAwait(false);
        var joining = new List<TableRecord>();
        var warnings = new List<string>();
        foreach (var record in found.Select(t => NewRecord(_rules.Apply(t))))
        {
            try
            {
                await CheckJoiningAsync(preflight, record, [.. known, .. joining], usesSlot, cancellationToken)
                    .ConfigureAwait(false);
                joining.Add(record);
            }
            catch (EtlException e) when (!scope.Names(record.Source))
            {
                warnings.Add($"Table {record.Source} does not join pipeline {definition.Name}. {e.Message} {e.Remedy}");
            }
        }
        IReadOnlyList<string> idleExclusions = [.. idle.Select(TableExclusion.TellIdle)];
        if (joining.Count == 0) return JoiningTables.None with { Warnings = warnings, IdleExclusions = idleExclusions };
        var tables = await SurveyAsync(joining, usesSlot, cancellationToken).ConfigureAwait(false);
        // What a DBA's publication has is in it already.
        var contained = usesSlot && carried is null
            ? await new PublicationCatalog(source).FindContainedAsync(
                definition.EffectivePublication, joining.Select(t => t.Oid), [], cancellationToken)
                .ConfigureAwait(false)
            : joining.Select(t => t.Oid).ToHashSet();
        var isMissing = tables.Where(t => t.Problem is null && !contained.Contains(t.Record.Oid));
        return new JoiningTables(tables, [.. isMissing.Select(t => t.Record.Source)], warnings, idleExclusions);
    }

    private async Task CheckJoiningAsync(
        Preflight preflight, TableRecord record, IReadOnlyList<TableRecord> others, bool usesSlot,
        CancellationToken cancellationToken)
    {
        await preflight.CheckTablesAsync([record.Schema], cancellationToken).ConfigureAwait(false);
        if (usesSlot)
            await (definition.Publication is null
                ? preflight.CheckPublishableAsync([record.Schema], cancellationToken)
                : preflight.CheckPartitionsAsync([record.Schema], definition.Publication, cancellationToken))
                    .ConfigureAwait(false);
        // Published through their root, partitions are no tables of their own any more.
        var partitions = record.Schema.Kind == 'p'
            ? await _catalog.ReadPartitionNamesAsync([record.Oid], cancellationToken).ConfigureAwait(false)
            : [];
        if (others.FirstOrDefault(t => partitions.Contains(t.Source)) is { } partition)
            throw PipelineRules.PartitionCopied(partition.Source, record.Source);
        CheckNames([.. others, record]);
        CheckDestination([record]);
    }

    /// <summary>
    /// The tables that the definition names, and a publication that a DBA made carries, with the definition's rules.
    /// </summary>
    public async Task<IReadOnlyList<TableSchema>> SelectAsync(
        SurveyRequest request, PublicationInfo? publication, CancellationToken cancellationToken)
    {
        var selected = definition.Publication is not null && publication is not null && !request.SnapshotOnly
            ? PublishedTables.Select(
                await _catalog.RequirePublishedTablesAsync(publication.Name, cancellationToken).ConfigureAwait(false),
                await _catalog.ReadTablesAsync(definition.Tables, cancellationToken).ConfigureAwait(false),
                definition)
            : await _catalog
                .ReadTablesAsync(definition.Tables, cancellationToken, isFollowed: !request.SnapshotOnly)
                .ConfigureAwait(false);
        var tables = await new TableExclusion(definition).ApplyAsync(selected, _catalog, cancellationToken)
            .ConfigureAwait(false);
        PipelineRules.RequireTables(tables, definition);
        _rules.Check(tables);
        _names.RequireTables(tables);
        return [.. tables.Select(_rules.Apply)];
    }

    /// <summary>
    /// The tables that the pipeline is defined for, as it has them carried; nothing else is looked at.
    /// </summary>
    public async Task<IReadOnlyList<TableSchema>> ReadSchemasAsync(CancellationToken cancellationToken)
    {
        var publication = definition.Publication is { } name
            ? await new PublicationCatalog(source).FindAsync(name, cancellationToken).ConfigureAwait(false)
            : null;
        var wanted = await _catalog.ReadTablesAsync(definition.Tables, cancellationToken).ConfigureAwait(false);
        var selected = publication is null ? wanted : PublishedTables.Select(
            await _catalog.RequirePublishedTablesAsync(publication.Name, cancellationToken).ConfigureAwait(false),
            wanted, definition);
        var schemas = await new TableExclusion(definition).ApplyAsync(selected, _catalog, cancellationToken)
            .ConfigureAwait(false);
        PipelineRules.RequireTables(schemas, definition);
        _rules.Check(schemas);
        return [.. schemas.Select(_rules.Apply)];
    }

    /// <summary>
    /// Tables that are followed already as the source has them now; those that are gone are left out.
    /// </summary>
    public async Task<IReadOnlyList<TableSchema>> ReadNowAsync(
        IEnumerable<TableRecord> tables, CancellationToken cancellationToken) =>
    [
        .. (await _catalog.ReadTablesByOidAsync([.. tables.Select(t => t.Oid)], cancellationToken)
            .ConfigureAwait(false))
            .Values.Select(_rules.Apply),
    ];

    /// <summary>Names that are two in Postgres and one in DuckDB.</summary>
    public static void CheckNames(IReadOnlyList<TableRecord> tables)
    {
        NameCollisions.CheckTables([.. tables.Select(t => (t.Source, t.Destination))]);
        foreach (var table in tables)
        {
            NameCollisions.CheckSchema(table.Destination);
            NameCollisions.CheckColumns(table.Schema);
        }
    }

    /// <summary>Tables at the destination that are not this pipeline's.</summary>
    public void CheckDestination(IReadOnlyList<TableRecord> tables)
    {
        var names = ReadNames();
        foreach (var table in tables)
            if (names?.FindProblem(table.Destination) is { } problem) throw problem;
    }

    /// <summary>A table as it would be known when it is begun.</summary>
    public TableRecord NewRecord(TableSchema schema) => new(
        definition.Name,
        schema,
        _names.DestinationOf(schema.Name),
        DuckDbTypes.Of(schema),
        TableState.Pending);

    /// <summary>
    /// Looks again at tables whose rows are still to be copied: they may be gone, or look different by now; and at the
    /// names of all that are still to be shown.
    /// </summary>
    public async Task<IReadOnlyList<SurveyedTable>> LookAgainAsync(
        IReadOnlyList<TableRecord> known, bool usesSlot, CancellationToken cancellationToken)
    {
        var looked = await LookAtSourceAsync(known, usesSlot, cancellationToken).ConfigureAwait(false);
        var names = ReadNames();
        return
        [
            .. looked.Select(t => IsToBeShown(t.Record)
                ? t with { Problem = t.Problem ?? names?.FindProblem(t.Record.Destination) }
                : t),
        ];
    }

    private DestinationNames? ReadNames() =>
        destination is null ? null : DestinationNames.Read(definition, destination);

    private static bool IsToBeShown(TableRecord table) =>
        table.State is TableState.Pending or TableState.Copying or TableState.CatchingUp;

    private async Task<IReadOnlyList<SurveyedTable>> LookAtSourceAsync(
        IReadOnlyList<TableRecord> known, bool usesSlot, CancellationToken cancellationToken)
    {
        known = [.. known.Select(t => t.State is TableState.Ready
            or TableState.CatchingUp ? t with { Schema = _rules.Apply(t.Schema) } : t)];
        var left = known.Where(t => t.State is TableState.Pending or TableState.Copying).Select(t => t.Oid).ToHashSet();
        if (left.Count == 0) return [.. known.Select(t => new SurveyedTable(t, null, null))];
        var isPublished = usesSlot && definition.Publication is not null;
        var schemas = await ReadNowAsync([.. known.Where(t => left.Contains(t.Oid))], usesSlot, cancellationToken)
            .ConfigureAwait(false);
        var found = known.Where(t => left.Contains(t.Oid) && schemas.ContainsKey(t.Oid))
            .Select(t => Renewed(t, schemas[t.Oid], isPublished));
        var surveyed = (await SurveyAsync([.. found], usesSlot, cancellationToken).ConfigureAwait(false))
            .ToDictionary(t => t.Record.Oid);
        return
        [
            .. known.Select(t => !left.Contains(t.Oid)
                ? new SurveyedTable(t, null, null)
                : surveyed.GetValueOrDefault(t.Oid) ?? new SurveyedTable(t, null, PipelineRules.TableGone(t.Source))),
        ];
    }

    private async Task<IReadOnlyDictionary<uint, TableSchema>> ReadNowAsync(
        List<TableRecord> tables, bool usesSlot, CancellationToken cancellationToken)
    {
        if (tables.Count == 0) return new Dictionary<uint, TableSchema>();
        var oids = tables.Select(t => t.Oid).ToHashSet();
        if (!usesSlot || definition.Publication is not { } publication)
            return await _catalog.ReadTablesByOidAsync(oids, cancellationToken).ConfigureAwait(false);
        // Column lists are the publication's, not the table's. What a locked table keeps from being told is as it was
        // known.
        var published = await _catalog.TryReadPublishedTablesAsync(publication, cancellationToken)
            .ConfigureAwait(false);
        return published is null
            ? tables.ToDictionary(t => t.Oid, t => t.Schema)
            : published.Where(t => oids.Contains(t.Oid)).ToDictionary(t => t.Oid);
    }

    /// <summary>Without a publication to tell it, a table's row filter is what its copy was begun with.</summary>
    private TableRecord Renewed(TableRecord record, TableSchema now, bool isPublished)
    {
        var schema = _rules.Apply(isPublished ? now : now with { RowFilter = record.Schema.RowFilter });
        return record with { Schema = schema, DuckDbTypes = DuckDbTypes.Of(schema) };
    }

    private async Task<IReadOnlyList<SurveyedTable>> SurveyAsync(
        IReadOnlyList<TableRecord> records, bool usesSlot, CancellationToken cancellationToken)
    {
        var sizes = await _catalog.ReadSizesAsync([.. records.Select(r => r.Oid)], cancellationToken)
            .ConfigureAwait(false);
        var unfollowed = usesSlot
            ? await new PartitionCatalog(source)
                .FindUnfollowedAsync(records.Select(r => r.Schema), definition.Publication, cancellationToken)
                .ConfigureAwait(false)
            : new Dictionary<uint, UnfollowedPartitions>();
        var tables = new List<SurveyedTable>();
        foreach (var record in records)
        {
            var problem = TableObstacle.Find(record.Schema)
                ?? unfollowed.GetValueOrDefault(record.Oid)?.SetAside(record.Source);
            // A publication's filter is Postgres's own text.
            if (problem is null && !usesSlot && record.Schema.RowFilter is not null)
                problem = await ConditionCheck.FindProblemAsync(definition.Source, record.Schema, cancellationToken)
                    .ConfigureAwait(false);
            tables.Add(new SurveyedTable(record, sizes.GetValueOrDefault(record.Oid, new TableSize(0, null)), problem));
        }
        return tables;
    }
}
