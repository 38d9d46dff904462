using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Compares a table with what was copied, since DDL is not sent: a row tells its new shape, if one comes; columns that
/// were replaced by their like, and rows that were rewritten, no row tells.
/// </summary>
internal sealed class SchemaCheck(PipelineRun run)
{
    /// <summary>Whether a row of another shape comes, which sets its table aside right before it.</summary>
    public OpenQuestions Questions { get; } = new();

    /// <summary>Why the table cannot go on; null: it can.</summary>
    /// <param name="table">The table as it was copied.</param>
    /// <param name="now">The table as the source has it.</param>
    /// <param name="look">The look that it is from.</param>
    /// <param name="catalog">What its rows are asked by.</param>
    /// <param name="position">Up to where everything is stored.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<EtlException?> FindProblemAsync(
        TableRecord table, TableSchema now, CatalogLook look, PartitionCatalog catalog, Lsn position,
        CancellationToken cancellationToken)
    {
        var shape = RelationShape.Problem(table.Schema, now);
        if (shape is not null) return Questions.AreOpen(table.Oid, look.Trees.End, position) ? null : shape;
        Questions.Forget(table.Oid);
        if (table.Columns.Zip(now.Columns)
            .FirstOrDefault(c => c.First.AttributeNumber != c.Second.AttributeNumber).First is { } replaced)
            return SchemaErrors.Replaced(table.Source, replaced);
        if (await FindRewrittenAsync(table, now, catalog, cancellationToken)
            .ConfigureAwait(false) is { Count: > 0 } altered)
            return SchemaErrors.Rewritten(table.Source, altered);
        if (table.Horizon == 0 || !TableSighting.IsOf(table.Seen, now))
            run.InTransaction(() => TableSighting.Note(
                run.State, run.State.FindTable(table.Oid)!, now, look.Trees.Horizon));
        return null;
    }

    /// <summary>
    /// The columns that were altered when the rows were rewritten. VACUUM FULL, CLUSTER and TRUNCATE give a table
    /// another file too, and the first two write columns with a value for older rows (attmissingval) anew: but they
    /// keep the rows.
    /// </summary>
    private static async Task<IReadOnlyList<ColumnSchema>> FindRewrittenAsync(
        TableRecord table, TableSchema now, PartitionCatalog catalog, CancellationToken cancellationToken)
    {
        if (table.Horizon == 0 || table.FileNode == now.FileNode) return [];
        var altered = table.Columns.Zip(now.Columns)
            .Where(c => c.First.AlteredBy != 0 && c.First.AlteredBy != c.Second.AlteredBy).Select(c => c.Second)
            .ToList();
        return altered.Count == 0
            || await catalog.HoldsRowsOfBeforeAsync(now.Name.Quoted, table.Horizon, cancellationToken)
                .ConfigureAwait(false) ? [] : altered;
    }
}
