using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>A table with its hidden table made, or gone on with.</summary>
/// <param name="Record">The table as it is being copied.</param>
/// <param name="Ranges">What is to be copied; empty: all of it is in.</param>
/// <param name="Meter">Counts on from what is in.</param>
/// <param name="Partitions">A partitioned table's tree as it is copied; empty for any other.</param>
internal sealed record OpenedTable(
    TableRecord Record, IReadOnlyList<HeapRange> Ranges, CopyMeter Meter, IReadOnlyList<PartitionRecord> Partitions);
