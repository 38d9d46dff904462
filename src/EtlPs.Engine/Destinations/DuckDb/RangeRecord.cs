using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>One copied stretch of a heap, committed together with its rows.</summary>
/// <param name="Oid">The table.</param>
/// <param name="Heap">The heap that the blocks are of: the table itself, or the partition.</param>
/// <param name="StartBlock">The first block.</param>
/// <param name="EndBlock">The first block after it; null: to the end.</param>
/// <param name="CopiedAt">The LSN that it is exact at.</param>
/// <param name="FileNode">pg_relation_filenode it was read from.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Bytes">Bytes read from the source.</param>
internal sealed record RangeRecord(
    uint Oid, uint Heap, uint StartBlock, uint? EndBlock, Lsn CopiedAt, uint FileNode, long Rows, long Bytes);
