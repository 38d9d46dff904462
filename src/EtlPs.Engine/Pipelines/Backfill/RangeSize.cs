using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// How large ranges are: so many that all workers are busy until a table's end, so few that nobody feels their commits.
/// </summary>
internal static class RangeSize
{
    private const long Least = 64L << 20;
    private const long Most = 2L << 30;
    private const int RangesOfWorker = 4;

    /// <summary>About the bytes of a range in a table of so many.</summary>
    public static long Of(long tableBytes, int workers) =>
        workers <= 1 ? Most : Math.Clamp(tableBytes / (workers * RangesOfWorker), Least, Most);

    /// <summary>The ranges that are missing of a heap.</summary>
    public static IEnumerable<HeapRange> Missing(Heap heap, IEnumerable<CopyRange> done, long rangeBytes)
    {
        var blocks = Math.Max(1, CopyRange.Blocks(heap.SizeBytes));
        // Large values lie beside the heap: a block may stand for many times its own size.
        var bytesOfBlock = Math.Max(1, heap.TotalBytes / blocks);
        return CopyRange.Missing(done)
            .SelectMany(r => r.Cut(blocks, rangeBytes / bytesOfBlock))
            .Select(r => new HeapRange(heap, r, r.BlocksOf(blocks) * bytesOfBlock));
    }
}
