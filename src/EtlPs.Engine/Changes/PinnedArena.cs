namespace EtlPs.Engine.Changes;

/// <summary>
/// Memory that stays where it is until <see cref="Clear"/>: what a batch of changes is made of. Column vectors point
/// straight into it, so that a text value is never copied between the wire and DuckDB.
/// </summary>
internal sealed class PinnedArena
{
    private const int BlockSize = 1 << 20;

    private readonly List<byte[]> _blocks = [];
    private int _current = -1;
    private int _used = BlockSize;

    /// <summary>Bytes handed out since the last <see cref="Clear"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>Keeps a copy of <paramref name="bytes"/>.</summary>
    public ByteSlice Add(ReadOnlySpan<byte> bytes)
    {
        var slice = Allocate(bytes.Length);
        bytes.CopyTo(slice.Buffer.AsSpan(slice.Offset));
        return slice;
    }

    /// <summary>Room for <paramref name="length"/> bytes, not cleared.</summary>
    public ByteSlice Allocate(int length)
    {
        Bytes += length;
        if (length > BlockSize / 4) return new ByteSlice(Pinned(length), 0, length);
        if (_used + length > BlockSize) NextBlock();
        var slice = new ByteSlice(_blocks[_current], _used, length);
        _used += length;
        return slice;
    }

    /// <summary>Forgets everything; the blocks are used again.</summary>
    public void Clear()
    {
        _current = -1;
        _used = BlockSize;
        Bytes = 0;
    }

    private void NextBlock()
    {
        if (++_current == _blocks.Count) _blocks.Add(Pinned(BlockSize));
        _used = 0;
    }

    private static byte[] Pinned(int length) => GC.AllocateUninitializedArray<byte>(length, pinned: true);
}
