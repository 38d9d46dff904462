using EtlPs.Engine.Postgres.Copy;
using Xunit;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class CopyRangeTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 8192)]
    [InlineData(8192 * 10, 8192 * 100)]
    public void A_small_heap_is_one_open_range(long bytes, long target) =>
        Assert.Equal([new CopyRange(0, null)], CopyRange.Split(bytes, target));

    [Theory]
    [InlineData(8192L * 10, 8192 * 3)]
    [InlineData(8192L * 1_000_003, 64 << 20)]
    [InlineData(8192L * uint.MaxValue, 1L << 34)]
    [InlineData(8192L * 7, 1)]
    public void Ranges_join_without_gap_and_the_last_is_open(long bytes, long target)
    {
        var ranges = CopyRange.Split(bytes, target);

        var next = 0L;
        foreach (var range in ranges.SkipLast(1))
        {
            Assert.Equal(next, range.StartBlock);
            Assert.True(range.EndBlock > range.StartBlock);
            next = range.EndBlock!.Value;
        }

        Assert.Equal(new CopyRange((uint)next, null), ranges[^1]);
        Assert.True(next < bytes / 8192);
    }
}
