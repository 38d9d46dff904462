using System.Diagnostics;
using System.Runtime.CompilerServices;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Postgres.Replication.Streaming;

/// <summary>
/// Makes protocol 1 of protocol 2: chunks of open transactions are kept aside, each transaction in a spool of its own,
/// and handed out as one BEGIN … COMMIT when their STREAM COMMIT comes, which is in the order of all commits. A
/// transaction that the server sends whole passes through.
/// </summary>
/// <remarks>
/// Confirming a position says nothing of open transactions, kept aside or not: the server keeps its WAL from the
/// beginning of the oldest one (restart_lsn), and after a reconnect sends all again that commit beyond the confirmed
/// position. So spools need not outlive a connection, and must not: they would come twice.
/// </remarks>
internal sealed class TransactionAssembler(
    IReplicationChannel inner, SpoolFolder folder, IFaultHook faults, CancellationToken cancellationToken)
    : IReplicationChannel
{
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<uint, TransactionSpool> _open = [];
    private readonly AnnouncedRelations _announced = new();
    private readonly BlockCompression _compression = new();
    private TransactionSpool? _chunk;
    private TransactionReplay? _replay;

    // Written by the reader, read by whoever asks for the idle position.
    private long _reads;
    private int _openCount;

    private Lsn _idle;
    private long _idleRead;
    private long _idleSince;

    public ReadOnlyMemory<byte> Message => _replay is null ? inner.Message : _replay.Message;

    public Lsn ServerPosition => inner.ServerPosition;

    public TimeSpan StatusInterval => inner.StatusInterval;

    public ValueTask<bool> MoveNextAsync()
    {
        if (_replay is not null)
        {
            if (_replay.MoveNext()) return new ValueTask<bool>(true);
            _replay.Dispose();
            _replay = null;
        }
        var move = ReadAsync();
        if (!move.IsCompleted) return WaitAsync(move);
        if (!move.Result) return new ValueTask<bool>(false);
        return IsWhole() ? new ValueTask<bool>(true) : KeepAsideAsync();
    }

    public bool TryGetIdlePosition(out Lsn position)
    {
        var read = Volatile.Read(ref _reads);
        var open = Volatile.Read(ref _openCount);
        if (!inner.TryGetIdlePosition(out position) || read != Volatile.Read(ref _reads)) return false;
        if (open == 0 || TakesPositionsInOrder) return true;

        // A position that moves before its message is handed out could be that of a STREAM COMMIT, which is the end of
        // the commit: stored, it would lose the transaction. A keepalive's stays while the read goes on waiting; a
        // message ends the wait within microseconds.
        if (position == _idle && read == _idleRead) return Stopwatch.GetElapsedTime(_idleSince) >= Settled;
        (_idle, _idleRead, _idleSince) = (position, read, Stopwatch.GetTimestamp());
        return false;
    }

    public bool TakesPositionsInOrder => inner.TakesPositionsInOrder;

    public bool IsPositionAwaited => inner.IsPositionAwaited;

    public void Confirm(Lsn flushed) => inner.Confirm(flushed);

    public ValueTask SendStatusAsync(CancellationToken cancellationToken) => inner.SendStatusAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _replay?.Dispose();
        foreach (var spool in _open.Values) spool.Dispose();
        _compression.Dispose();
        await inner.DisposeAsync().ConfigureAwait(false);
    }

    private ValueTask<bool> ReadAsync()
    {
        Volatile.Write(ref _reads, _reads + 1);
        return inner.MoveNextAsync();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAsync(ValueTask<bool> move) =>
        await move.ConfigureAwait(false) && (IsWhole() || await KeepAsideAsync().ConfigureAwait(false));

    /// <summary>Whether the message belongs to no streamed transaction.</summary>
    private bool IsWhole()
    {
        var message = inner.Message.Span;
        if (_chunk is not null || message.Length == 0) return _chunk is null;
        switch ((PgOutputKind)message[0])
        {
            case PgOutputKind.StreamStart or PgOutputKind.StreamStop or PgOutputKind.StreamCommit
                or PgOutputKind.StreamAbort:
                return false;
            case PgOutputKind.Relation:
                _announced.Pass(message, _announced.Next());
                return true;
            default:
                return true;
        }
    }

    /// <summary>
    /// Takes messages aside until there is one to hand out. The caller has its thread back meanwhile: it looks after
    /// the destination, the goal and a stop while a transaction of millions of rows comes in.
    /// </summary>
    private async ValueTask<bool> KeepAsideAsync()
    {
        await Task.Yield();
        do
        {
            if (Take(inner.Message.Span)) return _replay!.MoveNext();
            if (cancellationToken.IsCancellationRequested || !await ReadAsync().ConfigureAwait(false)) return false;
        }
        while (!IsWhole());
        return true;
    }

    /// <summary>True: a transaction is complete, and its replay stands before its first message.</summary>
    private bool Take(ReadOnlySpan<byte> message)
    {
        switch ((PgOutputKind)(message.Length == 0 ? 0 : message[0]))
        {
            case PgOutputKind.StreamStart when _chunk is null:
                Begin(StreamStartMessage.Read(message));
                return false;
            case PgOutputKind.StreamStop when _chunk is not null:
                _chunk = null;
                faults.Reached(FaultPoint.ChunkSpooled);
                return false;
            case PgOutputKind.StreamAbort when _chunk is null:
                Abort(StreamAbortMessage.Read(message));
                return false;
            case PgOutputKind.StreamCommit when _chunk is null:
                var xid = StreamCommitMessage.Read(message).Xid;
                _replay = new TransactionReplay(message, TakeOut(xid), _announced, _compression);
                return true;
            // Changes; ORIGIN has no xid, and neither it nor a logical message changes a row.
            case PgOutputKind.Relation or PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete
                or PgOutputKind.Truncate when _chunk is not null:
                _chunk.Add(message, _announced);
                return false;
            case PgOutputKind.Type or PgOutputKind.Origin or PgOutputKind.Message when _chunk is not null:
                return false;
            default:
                throw PgOutputReader.Violation("a message does not belong where it came in a streamed transaction");
        }
    }

    private void Begin(StreamStartMessage start)
    {
        if (start.IsFirst == _open.ContainsKey(start.Xid))
            throw PgOutputReader.Violation("a chunk of a streamed transaction is missing or came twice");
        if (start.IsFirst) _open.Add(start.Xid, new TransactionSpool(start.Xid, folder, _compression));
        _chunk = _open[start.Xid];
        Volatile.Write(ref _openCount, _open.Count);
    }

    private void Abort(StreamAbortMessage abort)
    {
        if (!_open.TryGetValue(abort.Xid, out var spool)) return;
        if (abort.SubXid == abort.Xid) TakeOut(abort.Xid).Dispose();
        else spool.Abort(abort.SubXid);
    }

    private TransactionSpool TakeOut(uint xid)
    {
        if (!_open.Remove(xid, out var spool))
            throw PgOutputReader.Violation("a streamed transaction ends that had not begun");
        Volatile.Write(ref _openCount, _open.Count);
        return spool;
    }
}
