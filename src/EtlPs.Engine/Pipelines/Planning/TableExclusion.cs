using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>The tables that a pipeline leaves out of those that it would have.</summary>
internal sealed class TableExclusion(PipelineDefinition definition)
{
    private readonly List<TablePattern> _patterns = [.. definition.ExcludedTables.Select(TablePattern.Parse)];

    public bool Covers(TableName table) => _patterns.Any(p => p.Matches(table));

    /// <summary>The tables that stay.</summary>
    /// <exception cref="EtlException">
    /// TableNotFound: a name leaves nothing out, and may be misspelt. InvalidArgument: it is a partition of a table
    /// that stays.
    /// </exception>
    public async Task<IReadOnlyList<TableSchema>> ApplyAsync(
        IReadOnlyList<TableSchema> tables, CatalogReader catalog, CancellationToken cancellationToken)
    {
        if (_patterns.Count == 0) return tables;
        var left = tables.Where(t => !Covers(t.Name)).ToList();
        var partitions = await catalog
            .ReadPartitionNamesAsync(left.Where(t => t.Kind == 'p').Select(t => t.Oid), cancellationToken)
            .ConfigureAwait(false);
        if (partitions.Where(Covers).Cast<TableName?>().FirstOrDefault() is { } partition)
            throw PartOfATable(partition);
        if (FindIdle([.. tables.Select(t => t.Name)]) is [var pattern, ..]) throw ExcludesNothing(pattern);
        return left;
    }

    /// <summary>The names that leave none of these tables out. A pattern with a wildcard may match nothing.</summary>
    public IReadOnlyList<TablePattern> FindIdle(IReadOnlyCollection<TableName> tables) =>
        [.. _patterns.Where(p => !p.HasWildcard && !tables.Any(p.Matches))];

    /// <summary>
    /// The same in words, for a pipeline that goes on: the table may be gone since, which stops no pipeline.
    /// </summary>
    public static string TellIdle(TablePattern pattern) =>
        $"-ExcludeTable {pattern} names none of the tables that would be copied: it is misspelt, or that table is "
        + "gone.";

    private static EtlException ExcludesNothing(TablePattern pattern) => new(
        EtlErrorCode.TableNotFound,
        $"-ExcludeTable {pattern} names none of the tables that would be copied.",
        "Check schema and name: write \"…\" around upper case; "
        + "without a schema it is public. A pattern with a wildcard may match nothing.")
    {
        Subject = pattern.Text,
    };

    private static EtlException PartOfATable(TableName partition) => new(
        EtlErrorCode.InvalidArgument,
        $"-ExcludeTable names {partition}, a partition of a table that is copied as a whole.",
        "Exclude the partitioned table; or let a DBA make a publication with publish_via_partition_root = false, and "
        + "name it with -Publication: then each partition is a table of its own.")
    {
        Subject = partition.ToString(),
    };
}
