namespace EtlPs.Engine.Postgres.Copy;

/// <summary>A stretch of a table's heap by block numbers, for a ctid range scan (Postgres 14).</summary>
/// <param name="StartBlock">The first block.</param>
/// <param name="EndBlock">The block behind the last; null: to the end, however far the heap has grown.</param>
internal readonly record struct CopyRange(uint StartBlock, uint? EndBlock)
{
    /// <summary>Postgres's page size in bytes, unless it was compiled with another; then ranges are only of another size.</summary>
    public const int BlockBytes = 8192;

    /// <summary>The whole table.</summary>
    public static CopyRange Whole => new(0, null);

    /// <summary>Cuts a heap into ranges of about the target size. The last one is open-ended; there is always one.</summary>
    /// <param name="bytes">pg_relation_size of the heap.</param>
    /// <param name="targetBytes">Wanted size of a range.</param>
    public static IReadOnlyList<CopyRange> Split(long bytes, long targetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetBytes);
        var blocks = (bytes + BlockBytes - 1) / BlockBytes;
        var count = Math.Max(1, (bytes + targetBytes - 1) / targetBytes);
        var step = Math.Max(1, (blocks + count - 1) / count);
        var ranges = new List<CopyRange>();
        var start = 0L;
        for (; start + step < blocks; start += step)
            ranges.Add(new CopyRange((uint)start, (uint)(start + step)));
        ranges.Add(new CopyRange((uint)start, null));
        return ranges;
    }
}
