using ZstdSharp;

namespace EtlPs.Engine.Changes.Segments;

/// <summary>
/// Compresses and restores blocks, one at a time. Its tables take some hundred kilobytes, so that the segments of one
/// stream share it.
/// </summary>
internal sealed class BlockCompression : IDisposable
{
    // As fast as the faster negative levels on change messages, and a tenth smaller.
    private const int Level = 1;
    private const int WorthCompressing = 512;

    private readonly Compressor _compressor = new(Level);
    private readonly Decompressor _decompressor = new();

    /// <summary>The room that storing <paramref name="length"/> bytes may take.</summary>
    public static int Bound(int length) => Compressor.GetCompressBound(length);

    /// <summary>Stores a block; returns how, and how many bytes of <paramref name="target"/> it took.</summary>
    public BlockCodec Store(ReadOnlySpan<byte> raw, Span<byte> target, out int stored)
    {
        if (raw.Length >= WorthCompressing
            && _compressor.TryWrap(raw, target, out stored)
            && stored < raw.Length)
            return BlockCodec.Zstandard;
        raw.CopyTo(target);
        stored = raw.Length;
        return BlockCodec.None;
    }

    /// <summary>Restores a block into a target of exactly its raw length.</summary>
    public void Restore(BlockCodec codec, ReadOnlySpan<byte> stored, Span<byte> target)
    {
        switch (codec)
        {
            case BlockCodec.None when stored.Length == target.Length:
                stored.CopyTo(target);
                return;
            case BlockCodec.Zstandard:
                if (!TryUnwrap(stored, target, out var written) || written != target.Length)
                    throw SegmentFormat.Damaged("a block does not have the length it tells");
                return;
            default:
                throw SegmentFormat.Damaged("a block is stored in a way that is not known");
        }
    }

    public void Dispose()
    {
        _compressor.Dispose();
        _decompressor.Dispose();
    }

    private bool TryUnwrap(ReadOnlySpan<byte> stored, Span<byte> target, out int written)
    {
        try
        {
            return _decompressor.TryUnwrap(stored, target, out written);
        }
        catch (ZstdException)
        {
            written = 0;
            return false;
        }
    }
}
