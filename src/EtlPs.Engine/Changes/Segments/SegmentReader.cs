using System.Buffers;
using System.Buffers.Binary;

namespace EtlPs.Engine.Changes.Segments;

/// <summary>
/// Reads one segment from its beginning to its end. Nothing is handed out of a block before its checksum was found
/// right, and no memory is taken for a length before that.
/// </summary>
internal sealed class SegmentReader : IDisposable
{
    private readonly Stream _source;
    private readonly BlockCompression _compression;
    private byte[] _stored = [];
    private byte[] _block = [];
    private int _length;
    private int _position;
    private int _framesLeft;
    private long _frames;
    private uint _checksum;
    private bool _isOver;

    /// <summary>Reads the header.</summary>
    /// <param name="source">The segment, at its first byte; must know its length.</param>
    /// <param name="kind">The kind that it has to be.</param>
    /// <param name="compression">Restores its blocks.</param>
    /// <exception cref="Pipelines.Errors.EtlException">SegmentDamaged.</exception>
    public SegmentReader(Stream source, SegmentKind kind, BlockCompression compression)
    {
        _source = source;
        _compression = compression;
        Span<byte> header = stackalloc byte[SegmentFormat.HeaderLength];
        Fill(header);
        if (!header[..8].SequenceEqual(SegmentFormat.Magic)) throw SegmentFormat.Damaged("it does not begin as one");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        var found = (SegmentKind)BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        var metadata = new byte[Bounded(BinaryPrimitives.ReadInt32LittleEndian(header[12..]))];
        Fill(metadata);
        _checksum = Crc32C.Append(Crc32C.Append(0, header), metadata);
        Check();
        if (version != SegmentFormat.Version) throw SegmentFormat.Damaged($"its format {version} is not known here");
        if (found != kind) throw SegmentFormat.Damaged("it is of another kind");
        Metadata = metadata;
    }

    /// <summary>What the writer told of the segment, as JSON.</summary>
    public ReadOnlyMemory<byte> Metadata { get; }

    /// <summary>Goes to the next frame; false: that was the last one, and all of them have been there.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">SegmentDamaged.</exception>
    public bool Read(out SegmentFrame frame)
    {
        frame = default;
        if (_isOver) return false;
        if (_framesLeft == 0)
        {
            if (_position != _length) throw SegmentFormat.Damaged("a block holds more than its frames");
            if (!ReadBlock()) return false;
        }
        if (_length - _position < SegmentFormat.FrameHeaderLength) throw SegmentFormat.Damaged("a frame is cut off");
        var header = _block.AsSpan(_position, SegmentFormat.FrameHeaderLength);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        _position += SegmentFormat.FrameHeaderLength;
        if ((uint)length > (uint)(_length - _position)) throw SegmentFormat.Damaged("a frame is cut off");
        frame = new SegmentFrame(
            (FrameKind)header[4], BinaryPrimitives.ReadUInt32LittleEndian(header[5..]),
            _block.AsMemory(_position, length));
        _position += length;
        _framesLeft--;
        _frames++;
        return true;
    }

    public void Dispose()
    {
        Take(ref _stored, 0);
        Take(ref _block, 0);
        _length = _position = _framesLeft = 0;
        _isOver = true;
    }

    private bool ReadBlock()
    {
        Span<byte> header = stackalloc byte[SegmentFormat.BlockHeaderLength];
        Fill(header);
        var raw = BinaryPrimitives.ReadInt32LittleEndian(header);
        var length = Bounded(BinaryPrimitives.ReadInt32LittleEndian(header[4..]));
        var stored = Take(ref _stored, length);
        Fill(stored);
        _checksum = Crc32C.Append(Crc32C.Append(_checksum, header), stored);
        Check();
        _position = 0;
        _length = raw;
        _framesLeft = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (raw == 0) return End(stored);
        if (raw < 0 || _framesLeft <= 0) throw SegmentFormat.Damaged("a block's header is not possible");
        _compression.Restore(
            (BlockCodec)BinaryPrimitives.ReadInt32LittleEndian(header[12..]), stored, Take(ref _block, raw));
        return true;
    }

    private bool End(ReadOnlySpan<byte> frames)
    {
        if (frames.Length != sizeof(long) || BinaryPrimitives.ReadInt64LittleEndian(frames) != _frames)
            throw SegmentFormat.Damaged("frames are missing");
        if (_source.Position != _source.Length) throw SegmentFormat.Damaged("something follows its end");
        _isOver = true;
        return false;
    }

    // A length that was never written must not take memory: it cannot be more than what is there.
    private int Bounded(int length) =>
        length >= 0 && length <= _source.Length - _source.Position ? length : throw CutOff();

    private void Check()
    {
        Span<byte> checksum = stackalloc byte[SegmentFormat.ChecksumLength];
        Fill(checksum);
        if (BinaryPrimitives.ReadUInt32LittleEndian(checksum) != _checksum)
            throw SegmentFormat.Damaged("a checksum is not right");
    }

    private void Fill(Span<byte> target)
    {
        if (_source.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length) throw CutOff();
    }

    private static Pipelines.Errors.EtlException CutOff() => SegmentFormat.Damaged("it is cut off");

    private static Span<byte> Take(ref byte[] buffer, int length)
    {
        if (buffer.Length >= length && length > 0) return buffer.AsSpan(0, length);
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = length == 0 ? [] : ArrayPool<byte>.Shared.Rent(length);
        return buffer.AsSpan(0, length);
    }
}
