using System.Text;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Tests.DuckDb;

namespace EtlPs.Engine.Tests.Changes.Segments;

public sealed class SegmentTests : IDisposable
{
    private readonly BlockCompression _compression = new();

    public void Dispose() => _compression.Dispose();

    [Fact]
    public void Frames_come_back_as_they_were_written()
    {
        List<(uint Xid, byte[] Payload)> frames = [.. Frames(5000, new Random(1)), (7, new byte[3 << 20]), (8, [1])];
        var segment = Write(frames);
        Assert.True(segment.Length < frames.Sum(f => f.Payload.Length), "Nothing was compressed.");
        Assert.Equal(frames.Select(f => (f.Xid, Convert.ToHexString(f.Payload))), Read(segment)
            .Select(f => (f.Xid, Convert.ToHexString(f.Payload))));
    }

    [Fact]
    public void A_segment_without_frames_is_one_too() => Assert.Empty(Read(Write([])));

    [Fact]
    public void The_metadata_come_back()
    {
        using var reader = new SegmentReader(new MemoryStream(Write([])), SegmentKind.OpenTransaction, _compression);
        Assert.Equal("{\"xid\":1}", Encoding.UTF8.GetString(reader.Metadata.Span));
    }

    [Fact]
    public void A_truncated_segment_is_refused_wherever_it_ends()
    {
        var segment = Write(Frames(2000, new Random(2)));
        var random = new Random(3);
        foreach (var length in Enumerable.Range(0, 100)
            .Concat(Enumerable.Range(0, 300).Select(_ => random.Next(segment.Length)))
            .Concat(Enumerable.Range(segment.Length - 100, 100)))
            AssertDamaged(segment[..length]);
    }

    [Fact]
    public void A_flipped_bit_is_found_wherever_it_is()
    {
        var segment = Write(Frames(2000, new Random(4)));
        var random = new Random(5);
        foreach (var at in Enumerable.Range(0, 80)
            .Concat(Enumerable.Range(0, 1500).Select(_ => random.Next(segment.Length)))
            .Concat(Enumerable.Range(segment.Length - 40, 40)))
        {
            var damaged = segment.ToArray();
            damaged[at] ^= (byte)(1 << random.Next(8));
            AssertDamaged(damaged);
        }
    }

    [Fact]
    public void A_block_that_is_missing_doubled_or_another_segments_is_found()
    {
        var segment = Write(Frames(30000, new Random(6)));
        var other = Write(Frames(30000, new Random(7)));
        var blocks = Blocks(segment);
        var others = Blocks(other);
        Assert.True(blocks.Count > 3);
        AssertDamaged([.. segment[..blocks[0].Start], .. segment[blocks[1].Start..]]);
        AssertDamaged([.. segment[..blocks[1].Start], .. segment[blocks[0].Start..]]);
        AssertDamaged(
            [.. segment[..blocks[1].Start], .. other[others[1].Start..others[1].End], .. segment[blocks[1].End..]]);
        AssertDamaged([.. segment, 0]);
    }

    [Fact]
    public void Bytes_of_anything_are_no_segment()
    {
        var random = new Random(8);
        for (var i = 0; i < 500; i++)
        {
            var bytes = new byte[random.Next(2000)];
            random.NextBytes(bytes);
            AssertDamaged(bytes);
            AssertDamaged([.. "ETLPSSEG"u8, 1, 0, 1, 0, .. bytes]);
        }
    }

    // Only Linux has a device that is always full.
    [Fact]
    [Trait("System", "Linux")]
    public void A_full_disk_is_told_with_what_to_do()
    {
        using var folder = new TemporaryFolder();
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        var failure = Assert.Throws<IOException>(
            () => new SegmentWriter(full, SegmentKind.OpenTransaction, [], _compression));
        var error = SpoolFolder.Failed(failure, folder["copy.duckdb.etlps-spool"]);
        Assert.Equal(EtlErrorCode.DestinationFull, error.Code);
        Assert.Contains("Nothing is lost", error.Remedy, StringComparison.Ordinal);
    }

    private static IEnumerable<(uint Xid, byte[] Payload)> Frames(int count, Random random)
    {
        for (var i = 0; i < count; i++)
        {
            var payload = new byte[random.Next(1, 120)];
            random.NextBytes(payload.AsSpan(0, payload.Length / 3));
            yield return ((uint)random.Next(5), payload);
        }
    }

    private byte[] Write(IEnumerable<(uint Xid, byte[] Payload)> frames)
    {
        var target = new MemoryStream();
        using var writer = new SegmentWriter(target, SegmentKind.OpenTransaction, "{\"xid\":1}"u8, _compression);
        foreach (var (xid, payload) in frames) writer.Add(FrameKind.Message, xid, payload[0], payload.AsSpan(1));
        writer.Complete();
        return target.ToArray();
    }

    private List<(uint Xid, byte[] Payload)> Read(byte[] segment)
    {
        var frames = new List<(uint, byte[])>();
        using var reader = new SegmentReader(new MemoryStream(segment), SegmentKind.OpenTransaction, _compression);
        while (reader.Read(out var frame)) frames.Add((frame.Xid, frame.Payload.ToArray()));
        return frames;
    }

    private void AssertDamaged(byte[] segment) =>
        Assert.Equal(EtlErrorCode.SegmentDamaged, Assert.Throws<EtlException>(() => Read(segment)).Code);

    private static List<(int Start, int End)> Blocks(byte[] segment)
    {
        var blocks = new List<(int, int)>();
        var at = SegmentFormat.HeaderLength + BitConverter.ToInt32(segment, 12) + SegmentFormat.ChecksumLength;
        while (at < segment.Length)
        {
            var end = at + SegmentFormat.BlockHeaderLength + BitConverter.ToInt32(segment, at + 4)
                + SegmentFormat.ChecksumLength;
            blocks.Add((at, end));
            at = end;
        }
        return blocks;
    }
}
