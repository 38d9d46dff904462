using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>
/// A partitioned table's tree as it was copied beside the rows that are followed. Their own tree stays the known one
/// until the copy takes their place: else what moved in between would be noticed by nobody, should the reset come to
/// nothing.
/// </summary>
internal sealed class CopiedTree(IReadOnlyList<PartitionRecord> partitions)
{
    private volatile bool _isTruncated;

    /// <summary>The tree; without files once the root was truncated.</summary>
    public IEnumerable<PartitionRecord> Partitions =>
        _isTruncated ? partitions.Select(p => p with { FileNode = null }) : partitions;

    /// <summary>Notes that the root was truncated since: its partitions have other files now.</summary>
    public void Truncate() => _isTruncated = true;
}
