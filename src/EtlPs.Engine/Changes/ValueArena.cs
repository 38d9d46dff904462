namespace EtlPs.Engine.Changes;

/// <summary>
/// Pinned bytes for values that a codec makes rather than passes through, handed out until <see cref="Reset"/> and then
/// used again, so that a long copy allocates nothing per value.
/// </summary>
internal sealed class ValueArena
{
    private const int BlockSize = 64 * 1024;
    private const int RetainedBytes = 4 * 1024 * 1024;

    private readonly List<byte[]> _blocks = [];
    private int _current;
    private int _used;

    /// <summary>How many bytes are taken, or counted, since the last <see cref="Reset"/>.</summary>
    public long TakenBytes { get; private set; }

    /// <summary>Counts what the same rows take elsewhere.</summary>
    public void Count(long bytes) => TakenBytes += bytes;

    /// <summary>Takes bytes whose address holds and whose content is kept until <see cref="Reset"/>.</summary>
    public Span<byte> Take(int length)
    {
        TakenBytes += length;
        while (_current < _blocks.Count)
        {
            var block = _blocks[_current];
            if (length <= block.Length - _used)
            {
                var taken = block.AsSpan(_used, length);
                _used += length;
                return taken;
            }

            _current++;
            _used = 0;
        }

        var added = GC.AllocateUninitializedArray<byte>(Math.Max(length, BlockSize), pinned: true);
        _blocks.Add(added);
        _used = length;
        return added.AsSpan(0, length);
    }

    /// <summary>Gives back all that was taken; keeps some megabytes for the next round.</summary>
    public void Reset()
    {
        _current = 0;
        _used = 0;
        TakenBytes = 0;
        long kept = 0;
        var count = 0;
        while (count < _blocks.Count && kept + _blocks[count].Length <= RetainedBytes)
            kept += _blocks[count++].Length;
        _blocks.RemoveRange(count, _blocks.Count - count);
    }
}
