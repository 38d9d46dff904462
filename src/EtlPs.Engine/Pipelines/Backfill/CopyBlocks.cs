using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Reads a COPY in large pinned blocks, one ahead of whoever decodes them, so that network and decoding overlap. What the
/// decoder leaves of a block is put in front of the next one, into room kept there for it.
/// </summary>
internal sealed class CopyBlocks(ICopyReader reader)
{
    private const int BlockSize = 1 << 20;
    private const int Headroom = 64 << 10;

    private byte[] _reading = Pinned(Headroom + BlockSize);
    private byte[] _decoding = Pinned(Headroom + BlockSize);
    private Task<int>? _ahead;
    private int _start;
    private int _end;

    /// <summary>The next block, with what was left of the one before in front of it; empty at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        _ahead ??= FillAsync(_reading, cancellationToken);
        var read = await _ahead.ConfigureAwait(false);
        _ahead = null;
        if (read == 0) return ReadOnlyMemory<byte>.Empty;

        var rest = _decoding.AsSpan(_start, _end - _start);
        var block = _reading;
        if (rest.Length <= Headroom)
        {
            rest.CopyTo(block.AsSpan(Headroom - rest.Length));
        }
        else
        {
            block = Pinned(Headroom + rest.Length + read);
            rest.CopyTo(block.AsSpan(Headroom));
            _reading.AsSpan(Headroom, read).CopyTo(block.AsSpan(Headroom + rest.Length));
        }
        (_start, _end) = rest.Length <= Headroom
            ? (Headroom - rest.Length, Headroom + read)
            : (Headroom, Headroom + rest.Length + read);
        _reading = Free(_decoding, _end - _start);
        _decoding = block;
        _ahead = FillAsync(_reading, cancellationToken);
        return _decoding.AsMemory(_start, _end - _start);
    }

    /// <summary>Says how many bytes of the block were used; the rest comes again.</summary>
    public void Advance(int used) => _start += used;

    /// <summary>Waits for the read that is under way, so that its connection can be used or closed.</summary>
    public async ValueTask SettleAsync()
    {
        if (_ahead is not null) await ((Task)_ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// A buffer to read into. A row larger than a block needs blocks that grow with it, or it would be copied once for each
    /// block it spans.
    /// </summary>
    private static byte[] Free(byte[] buffer, int held)
    {
        var wanted = Headroom + Math.Max(BlockSize, held > 2 * BlockSize ? held : 0);
        return buffer.Length >= wanted && buffer.Length <= 4 * wanted ? buffer : Pinned(wanted);
    }

    private Task<int> FillAsync(byte[] block, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            var filled = Headroom;
            while (filled < block.Length)
            {
                var read = await reader.ReadAsync(block.AsMemory(filled), cancellationToken).ConfigureAwait(false);
                if (read == 0) break;
                filled += read;
            }
            return filled - Headroom;
        },
        cancellationToken);

    private static byte[] Pinned(int length) => GC.AllocateUninitializedArray<byte>(length, pinned: true);
}
