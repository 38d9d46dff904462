using System.Runtime.ExceptionServices;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Reads a COPY in large pinned blocks on a thread of its own, some blocks ahead of whoever decodes them: DuckDB takes
/// rows in bursts, and Postgres should not have to wait for them. What the decoder leaves of a block is put in front of
/// the next one, into room kept there for it.
/// </summary>
internal sealed class CopyBlocks : IDisposable
{
    private const int BlocksAhead = 12;
    private const int Headroom = BlockPool.Headroom;

    private readonly ICopyReader _reader;
    private readonly BlockPool _pool;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _cancellation;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private readonly Queue<(byte[] Block, int Length)> _filled = new();
    private Exception? _error;
    private bool _ended;
    private bool _closed;
    private byte[] _decoding = [];
    private int _start;
    private int _end;

    public CopyBlocks(ICopyReader reader, BlockPool pool, CancellationToken cancellationToken)
    {
        _reader = reader;
        _pool = pool;
        _cancellationToken = cancellationToken;
        _cancellation = cancellationToken.Register(static state => ((ICopyReader)state!).Cancel(), reader);
        _thread = new Thread(ReadAll) { IsBackground = true, Name = "EtlPs COPY" };
        _thread.Start();
    }

    /// <summary>The next block, with what was left of the one before in front of it; empty at the end.</summary>
    public ReadOnlySpan<byte> Next()
    {
        var (block, read) = Take();
        if (read == 0) return [];
        var rest = _decoding.AsSpan(_start, _end - _start);
        if (rest.Length <= Headroom)
        {
            rest.CopyTo(block.AsSpan(Headroom - rest.Length));
            _pool.GiveBack(_decoding);
            _decoding = block;
            (_start, _end) = (Headroom - rest.Length, Headroom + read);
        }
        else
        {
            AppendToLargeRow(block, read, rest.Length);
            _pool.GiveBack(block);
        }
        return _decoding.AsSpan(_start, _end - _start);
    }

    /// <summary>Says how many bytes of the block were used; the rest comes again.</summary>
    public void Advance(int used) => _start += used;

    /// <summary>Ends the reading, wherever it is.</summary>
    public void Dispose()
    {
        _cancellation.Dispose();
        bool reading;
        lock (_gate)
        {
            _closed = true;
            reading = !_ended;
            Monitor.PulseAll(_gate);
        }
        if (reading) _reader.Cancel();
        _thread.Join();
        foreach (var (block, _) in _filled) _pool.GiveBack(block);
        _pool.GiveBack(_decoding);
    }

    /// <summary>
    /// A row of many blocks: its buffer grows by doubling, or it would be copied once for each of them.
    /// </summary>
    private void AppendToLargeRow(byte[] block, int read, int rest)
    {
        if (_decoding.Length - _end < read)
        {
            var larger = BlockPool.Pinned(Math.Max(checked(rest + read), (int)Math.Min(2L * rest, Array.MaxLength)));
            _decoding.AsSpan(_start, rest).CopyTo(larger);
            (_decoding, _start, _end) = (larger, 0, rest);
        }
        block.AsSpan(Headroom, read).CopyTo(_decoding.AsSpan(_end));
        _end += read;
    }

    private (byte[] Block, int Length) Take()
    {
        lock (_gate)
        {
            while (_filled.Count == 0 && _error is null) Monitor.Wait(_gate);
            _cancellationToken.ThrowIfCancellationRequested();
            if (_filled.Count == 0) ExceptionDispatchInfo.Throw(_error!);
            Monitor.PulseAll(_gate);
            return _filled.Dequeue();
        }
    }

    private void ReadAll()
    {
        try
        {
            while (TakeFree() is { } block)
            {
                var read = _reader.Read(block.AsSpan(Headroom));
                lock (_gate)
                {
                    _ended = read == 0;
                    _filled.Enqueue((block, read));
                    Monitor.PulseAll(_gate);
                }
                if (read == 0) return;
            }
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                (_error, _ended) = (e, true);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private byte[]? TakeFree()
    {
        lock (_gate)
        {
            while (!_closed && _filled.Count >= BlocksAhead) Monitor.Wait(_gate);
            if (_closed) return null;
            return _pool.Take();
        }
    }
}
