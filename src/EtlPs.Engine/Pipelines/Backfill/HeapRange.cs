using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>A stretch of one heap that is copied in one go.</summary>
/// <param name="Heap">The table, or a partition of it.</param>
/// <param name="Blocks">Which blocks.</param>
/// <param name="Bytes">About how much that is, with the large values beside the rows.</param>
internal readonly record struct HeapRange(Heap Heap, CopyRange Blocks, long Bytes);
