using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What the source's catalog says, at one moment, that no change in the stream does.</summary>
internal sealed record CatalogLook(PartitionTrees Trees, IReadOnlyList<TableSchema> Published)
{
    /// <summary>Whether both say the same.</summary>
    public bool IsSameAs(CatalogLook other) =>
        Flat(this).SequenceEqual(Flat(other))
        && Published.Select(p => (p.Oid, p.RowFilter)).SequenceEqual(other.Published.Select(p => (p.Oid, p.RowFilter)));

    private static IEnumerable<(uint Root, Partition Partition)> Flat(CatalogLook look) =>
        look.Trees.Partitions.SelectMany(tree => tree.Select(partition => (tree.Key, partition)));
}
