namespace EtlPs.Engine.Postgres.Copy;

/// <summary>A stretch of a table's heap by block numbers, for a ctid range scan (Postgres 14).</summary>
/// <param name="StartBlock">The first block.</param>
/// <param name="EndBlock">The block behind the last; null: to the end, however far the heap has grown.</param>
internal readonly record struct CopyRange(uint StartBlock, uint? EndBlock)
{
    /// <summary>
    /// Postgres's page size in bytes, unless it was compiled with another; then ranges are only of another size.
    /// </summary>
    public const int BlockBytes = 8192;

    /// <summary>The whole table.</summary>
    public static CopyRange Whole => new(0, null);

    /// <summary>
    /// Cuts a heap into ranges of about the target size. The last one is open-ended; there is always one.
    /// </summary>
    /// <param name="bytes">pg_relation_size of the heap.</param>
    /// <param name="targetBytes">Wanted size of a range.</param>
    public static IReadOnlyList<CopyRange> Split(long bytes, long targetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetBytes);
        var count = Math.Max(1, (bytes + targetBytes - 1) / targetBytes);
        return Whole.Cut(Blocks(bytes), (Blocks(bytes) + count - 1) / count);
    }

    /// <summary>How many blocks so many bytes are.</summary>
    public static long Blocks(long bytes) => (bytes + BlockBytes - 1) / BlockBytes;

    /// <summary>What is not in any of the ranges, in order; empty: nothing.</summary>
    public static IReadOnlyList<CopyRange> Missing(IEnumerable<CopyRange> done)
    {
        var missing = new List<CopyRange>();
        uint? start = 0;
        foreach (var range in done.OrderBy(r => r.StartBlock))
        {
            if (start is not { } from) break;
            if (range.StartBlock > from) missing.Add(new CopyRange(from, range.StartBlock));
            start = range.EndBlock is { } end ? Math.Max(from, end) : null;
        }
        if (start is { } rest) missing.Add(new CopyRange(rest, null));
        return missing;
    }

    /// <summary>How many blocks it has in a heap of so many.</summary>
    public long BlocksOf(long heapBlocks) => Math.Max(0, (EndBlock ?? Math.Max(heapBlocks, StartBlock)) - StartBlock);

    /// <summary>
    /// Cuts it into ranges of so many blocks at most; one that is open-ended stays so, and there is always one.
    /// </summary>
    /// <param name="heapBlocks">The blocks of the heap.</param>
    /// <param name="step">The wanted number of blocks.</param>
    public IReadOnlyList<CopyRange> Cut(long heapBlocks, long step)
    {
        step = Math.Max(1, step);
        var end = EndBlock ?? heapBlocks;
        var ranges = new List<CopyRange>();
        var start = (long)StartBlock;
        for (; start + step < end; start += step)
            ranges.Add(new CopyRange((uint)start, (uint)(start + step)));
        ranges.Add(new CopyRange((uint)start, EndBlock));
        return ranges;
    }
}
