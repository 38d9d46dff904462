using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>What is looked at of the tables: rights, identity, types and names.</summary>
/// <param name="list">Takes the checks.</param>
/// <param name="definition">The pipeline.</param>
/// <param name="preflight">The rules of a start at the source.</param>
/// <param name="surveyor">The rules of a start at both ends.</param>
internal sealed class TableChecks(Checklist list, PipelineDefinition definition, Preflight preflight, Surveyor surveyor)
{
    /// <param name="tables">The tables.</param>
    /// <param name="publication">The publication that is there; null: none yet.</param>
    /// <param name="usesSlot">Whether changes are streamed, now or later.</param>
    /// <param name="startsAnew">Whether publication and destination tables are still to be made.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task RunAsync(
        IReadOnlyList<TableSchema> tables, PublicationInfo? publication, bool usesSlot, bool startsAnew,
        CancellationToken cancellationToken)
    {
        var makesPublication = startsAnew && usesSlot && definition.Publication is null;
        await list.RunAsync("TableRights", () => Checked(
            preflight.CheckReadableAsync(tables, cancellationToken), "Every column may be read."))
            .ConfigureAwait(false);
        await list.RunAsync("RowSecurity", () => Checked(
            preflight.CheckRowSecurityAsync(tables, cancellationToken), "No row is hidden from the copy."))
            .ConfigureAwait(false);
        if (makesPublication)
            await list.RunAsync("PublicationRight", () => Checked(
                preflight.CheckMayPublishAsync(cancellationToken), "The role may make a publication."))
                .ConfigureAwait(false);
        if (makesPublication)
            await list.RunAsync("TableOwnership", () => Checked(
                preflight.CheckOwnershipAsync(tables, cancellationToken), "The role owns every table."))
                .ConfigureAwait(false);
        if (usesSlot)
            await list.RunAsync(
                "Partitions",
                () => Checked(
                    preflight.CheckPartitionsAsync(tables, definition.Publication, cancellationToken),
                    "The changes of every partition are in the WAL."),
                startsAnew ? CheckStatus.Failed : CheckStatus.Warning).ConfigureAwait(false);
        if (usesSlot) await CheckIdentityAsync(tables, publication, cancellationToken).ConfigureAwait(false);
        CheckTypes(tables);
        var records = tables.Select(surveyor.NewRecord).ToList();
        await list.RunAsync("Names", () => Checked(
            () => Surveyor.CheckNames(records), "No two tables or columns have one name in DuckDB."))
            .ConfigureAwait(false);
        if (startsAnew)
            await list.RunAsync("DestinationTables", () => Checked(
                () => surveyor.CheckDestination(records), "No table of another is in the way.")).ConfigureAwait(false);
    }

    /// <summary>
    /// With a publication that a DBA made, writes that would fail do so already: told, and no reason to refuse.
    /// </summary>
    private async Task CheckIdentityAsync(
        IReadOnlyList<TableSchema> tables, PublicationInfo? publication, CancellationToken cancellationToken)
    {
        if (definition.Publication is not null && publication is not { Update: true } and not { Delete: true })
            list.Pass("ReplicaIdentity", "Neither UPDATE nor DELETE is published.");
        else
            await list.RunAsync(
                "ReplicaIdentity",
                () => Checked(preflight.CheckIdentityAsync(tables, cancellationToken), Identities(tables)),
                definition.Publication is null ? CheckStatus.Failed : CheckStatus.Warning).ConfigureAwait(false);
    }

    private void CheckTypes(IReadOnlyList<TableSchema> tables)
    {
        var problems = tables.Select(TableObstacle.Find).Where(p => p is not null).ToList();
        if (problems.Count == 0) list.Pass("ColumnTypes", "Every column is carried.");
        else
            list.Warn(
                "ColumnTypes", $"Set aside: {string.Join(" ", problems.Take(5).Select(p => p!.Message))}"
                + (problems.Count > 5 ? $" And {problems.Count - 5} more." : ""), problems[0]!.Remedy);
    }

    private static string Identities(IReadOnlyList<TableSchema> tables) => "A row is found by: " + string.Join(
        ", ",
        tables.GroupBy(t => (t.Identity, HasKey: t.KeyColumns.Count > 0)).Select(g => $"{g.Count()} × " + g.Key switch
        {
            (ReplicaIdentity.Full, true) => "key, whole rows logged (FULL)",
            (ReplicaIdentity.Full, false) => "whole row (FULL, no key)",
            (ReplicaIdentity.Index, _) => "index",
            _ => "primary key",
        })) + ".";

    private static async Task<string> Checked(Task check, string evidence)
    {
        await check.ConfigureAwait(false);
        return evidence;
    }

    private static Task<string> Checked(Action check, string evidence)
    {
        check();
        return Task.FromResult(evidence);
    }
}
