using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What the source's catalog says, at one moment, that no change in the stream does.</summary>
internal sealed record CatalogLook(PartitionTrees Trees, IReadOnlyList<TableSchema> Published)
{
    /// <summary>
    /// Whether both say the same, but for the files of tables that hold their rows themselves: where those are all that
    /// differs, a table was truncated, which is sent, or has kept its rows.
    /// </summary>
    public bool IsSameAs(CatalogLook other) =>
        Flat(this).SequenceEqual(Flat(other))
        && Published.Select(Entry).SequenceEqual(other.Published.Select(Entry))
        && Published.SelectMany(Columns).SequenceEqual(other.Published.SelectMany(Columns))
        && !Published.Zip(other.Published, HaveOtherTypes).Any(differ => differ);

    private static (uint, TableName, string?, uint) Entry(TableSchema table) =>
        (table.Oid, table.Name, table.RowFilter, table.PublishedBy);

    private static IEnumerable<(uint, short, uint)> Columns(TableSchema table) =>
        table.Columns.Select(c => (table.Oid, c.AttributeNumber, c.AlteredBy));

    private static bool HaveOtherTypes(TableSchema one, TableSchema other) => one.Columns.Any(column =>
        other.Columns.FirstOrDefault(c => c.AttributeNumber == column.AttributeNumber && c.Type.Oid == column.Type.Oid)
            is { } same
        && TypeComparison.Compare(column.Type, same.Type) != TypeChange.None);

    private static IEnumerable<(uint Root, Partition Partition)> Flat(CatalogLook look) =>
        look.Trees.Partitions.SelectMany(tree => tree.Select(partition => (tree.Key, partition)));
}
