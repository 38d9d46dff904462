using System.Buffers;
using System.Buffers.Binary;

namespace EtlPs.Engine.Changes.Segments;

/// <summary>
/// Writes one segment: a header, blocks of frames, an end. Each checksum continues from the one before, so that a block
/// that is missing, moved or another segment's shows as well as a flipped bit.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly BlockCompression _compression;
    private byte[] _block = [];
    private int _used;
    private int _framesOfBlock;
    private long _frames;
    private uint _checksum;

    public SegmentWriter(Stream target, SegmentKind kind, ReadOnlySpan<byte> metadata, BlockCompression compression)
    {
        Target = target;
        _compression = compression;
        var header = new byte[SegmentFormat.HeaderLength + metadata.Length + SegmentFormat.ChecksumLength];
        SegmentFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), SegmentFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(10), (ushort)kind);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), metadata.Length);
        metadata.CopyTo(header.AsSpan(SegmentFormat.HeaderLength));
        WriteChecked(header);
    }

    /// <summary>Where it goes. May be changed to a stream that holds the same bytes already.</summary>
    public Stream Target { get; set; }

    /// <summary>
    /// Adds a frame whose payload is one byte and a rest: a message, of which something in between was left out.
    /// </summary>
    public void Add(FrameKind kind, uint xid, byte first, ReadOnlySpan<byte> rest)
    {
        var length = SegmentFormat.FrameHeaderLength + 1 + rest.Length;
        if (_used > 0 && _used + length > SegmentFormat.BlockSize) EndBlock();
        if (_block.Length < _used + length) Grow(_used + length);
        var frame = _block.AsSpan(_used, length);
        BinaryPrimitives.WriteInt32LittleEndian(frame, 1 + rest.Length);
        frame[4] = (byte)kind;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[5..], xid);
        frame[SegmentFormat.FrameHeaderLength] = first;
        rest.CopyTo(frame[(SegmentFormat.FrameHeaderLength + 1)..]);
        _used += length;
        _framesOfBlock++;
    }

    /// <summary>Writes what is left, and the end.</summary>
    public void Complete()
    {
        if (_used > 0) EndBlock();
        Span<byte> end = stackalloc byte[SegmentFormat.BlockHeaderLength + sizeof(long) + SegmentFormat.ChecksumLength];
        end.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(end[4..], sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(end[SegmentFormat.BlockHeaderLength..], _frames);
        WriteChecked(end);
        Dispose();
    }

    public void Dispose()
    {
        if (_block.Length > 0) ArrayPool<byte>.Shared.Return(_block);
        _block = [];
        _used = 0;
    }

    private void EndBlock()
    {
        const int before = SegmentFormat.BlockHeaderLength;
        var stored = ArrayPool<byte>.Shared.Rent(before + BlockCompression.Bound(_used) + SegmentFormat.ChecksumLength);
        try
        {
            var codec = _compression.Store(_block.AsSpan(0, _used), stored.AsSpan(before), out var length);
            BinaryPrimitives.WriteInt32LittleEndian(stored, _used);
            BinaryPrimitives.WriteInt32LittleEndian(stored.AsSpan(4), length);
            BinaryPrimitives.WriteInt32LittleEndian(stored.AsSpan(8), _framesOfBlock);
            BinaryPrimitives.WriteInt32LittleEndian(stored.AsSpan(12), (byte)codec);
            WriteChecked(stored.AsSpan(0, before + length + SegmentFormat.ChecksumLength));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
        _frames += _framesOfBlock;
        _framesOfBlock = 0;
        _used = 0;
    }

    private void WriteChecked(Span<byte> bytes)
    {
        var content = bytes[..^SegmentFormat.ChecksumLength];
        _checksum = Crc32C.Append(_checksum, content);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^SegmentFormat.ChecksumLength..], _checksum);
        Target.Write(bytes);
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(
            Math.Max(length, Math.Min(_block.Length * 4, SegmentFormat.BlockSize)));
        _block.AsSpan(0, _used).CopyTo(larger);
        if (_block.Length > 0) ArrayPool<byte>.Shared.Return(_block);
        _block = larger;
    }
}
