namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Pinned blocks that one COPY after the other reads into: of one at a time, whose threads share them.
/// </summary>
internal sealed class BlockPool
{
    /// <summary>Room in front of what is read, for what is left of the block before.</summary>
    public const int Headroom = 64 << 10;

    /// <summary>What is read into a block at most.</summary>
    public const int BlockSize = 1 << 20;

    private readonly Stack<byte[]> _free = new();

    public byte[] Take()
    {
        lock (_free)
            if (_free.TryPop(out var block)) return block;
        return Pinned(Headroom + BlockSize);
    }

    /// <summary>Takes a block back; a larger one, made for a large row, is left to the collector.</summary>
    public void GiveBack(byte[] block)
    {
        if (block.Length != Headroom + BlockSize) return;
        lock (_free) _free.Push(block);
    }

    public static byte[] Pinned(int length) => GC.AllocateUninitializedArray<byte>(length, pinned: true);
}
