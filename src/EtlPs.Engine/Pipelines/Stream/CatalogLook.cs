using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What the source's catalog says, at one moment, that no change in the stream does.</summary>
internal sealed record CatalogLook(PartitionTrees Trees, IReadOnlyList<TableSchema> Published)
{
    /// <summary>Whether both say the same.</summary>
    public bool IsSameAs(CatalogLook other) =>
        Flat(this).SequenceEqual(Flat(other))
        && Published.Select(p => (p.Oid, p.RowFilter)).SequenceEqual(other.Published.Select(p => (p.Oid, p.RowFilter)))
        && !Published.Zip(other.Published, HaveOtherTypes).Any(differ => differ);

    private static bool HaveOtherTypes(TableSchema one, TableSchema other) => one.Columns.Any(column =>
        other.Columns.FirstOrDefault(c => c.AttributeNumber == column.AttributeNumber && c.Type.Oid == column.Type.Oid) is { } same
        && TypeComparison.Compare(column.Type, same.Type) != TypeChange.None);

    private static IEnumerable<(uint Root, Partition Partition)> Flat(CatalogLook look) =>
        look.Trees.Partitions.SelectMany(tree => tree.Select(partition => (tree.Key, partition)));
}
