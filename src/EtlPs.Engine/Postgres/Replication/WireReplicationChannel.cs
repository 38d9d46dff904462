using System.Buffers.Binary;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Wire;
using Npgsql;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// A logical replication stream over the transport of our own: messages are handed out where they were received,
/// without a copy, and one wait serves for all that came meanwhile. Dispose it only when no <see cref="MoveNextAsync"/>
/// is under way: cancel the token given at the start, which ends one.
/// </summary>
internal sealed class WireReplicationChannel : IReplicationChannel
{
    private const int XLogDataHeader = 1 + (3 * sizeof(long));
    private const int KeepaliveLength = 1 + (2 * sizeof(long)) + 1;

    private readonly PostgresConnector _connector;
    private readonly WireSession _session;
    private readonly WireStatusReports _reports;
    private readonly WireReceiver _receiver;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _cancellation;

    // A walsender sends each change on its own.
    private readonly ReadPacing _pacing =
        new(busyInterval: TimeSpan.FromMilliseconds(0.5), pause: TimeSpan.FromMilliseconds(2));
    private long _serverPosition;
    private long _idlePosition;

    private WireReplicationChannel(
        PostgresConnector connector, WireSession session, string statement, Lsn start, WalSenderPatience patience,
        CancellationToken cancellationToken)
    {
        _connector = connector;
        _session = session;
        _cancellationToken = cancellationToken;
        StatusInterval = patience.StatusInterval;
        _receiver = new WireReceiver(session, statement, _pacing);
        _reports = new WireStatusReports(session, _receiver, patience, start);
        _cancellation = cancellationToken.Register(static state => ((WireReceiver)state!).End(), _receiver);
    }

    public ReadOnlyMemory<byte> Message { get; private set; }

    public Lsn ServerPosition => new((ulong)Volatile.Read(ref _serverPosition));

    public TimeSpan StatusInterval { get; }

    /// <summary>
    /// Opens a session; START_REPLICATION goes out with the first <see cref="MoveNextAsync"/>. Null: Npgsql has to open
    /// it.
    /// </summary>
    /// <inheritdoc cref="NpgsqlReplicationChannel.OpenAsync"/>
    public static async Task<WireReplicationChannel?> TryOpenAsync(
        PostgresConnector connector, string slot, string publication, ValueFormat format, Lsn start,
        CancellationToken cancellationToken)
    {
        SlotName.Require(slot);
        var session = await connector.TryOpenWireReplicationAsync(cancellationToken).ConfigureAwait(false);
        if (session is null)
            return null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(WalSenderPatience.ToOpen(connector.LongestSilence));
            using var aborting = limit.Token.Register(static state => ((WireSession)state!).Abort(), session);
            var timeout = await BlockingCall.RunAsync(() => session.Read("SHOW wal_sender_timeout")[0][0]!)
                .ConfigureAwait(false);
            return new WireReplicationChannel(
                connector, session, Statement(slot, publication, format, start), start,
                WalSenderPatience.Of(timeout, connector.LongestSilence), cancellationToken);
        }
        catch (Exception e)
        {
            session.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw connector.Translate(e);
        }
    }

    public ValueTask<bool> MoveNextAsync()
    {
        try
        {
            return TakeNext() ? new ValueTask<bool>(true) : WaitAsync();
        }
        catch (Exception e)
        {
            return new ValueTask<bool>(EndOrThrow(e));
        }
    }

    public bool TakesPositionsInOrder => true;

    public bool IsPositionAwaited => _reports.IsAwaited;

    public bool TryGetIdlePosition(out Lsn position)
    {
        // A keepalive is taken in its place among the messages: whatever commits up to it was handed out before.
        position = new Lsn((ulong)Volatile.Read(ref _idlePosition));
        return position.IsKnown && !_cancellationToken.IsCancellationRequested;
    }

    public void Confirm(Lsn flushed) => _reports.Confirm(flushed);

    public ValueTask SendStatusAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            _reports.Send(ServerPosition);
            return ValueTask.CompletedTask;
        }
        catch (Exception e)
        {
            throw _connector.Translate(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cancellation.DisposeAsync().ConfigureAwait(false);
        await _reports.DisposeAsync().ConfigureAwait(false);
        await _receiver.DisposeAsync().ConfigureAwait(false);
    }

    private static string Statement(string slot, string publication, ValueFormat format, Lsn start)
    {
        // The replication grammar knows quotes, and no escapes.
        var options = PgOutputOptions.For(publication, format)
            .Select(o => $"{o.Name} '{o.Value.Replace("'", "''", StringComparison.Ordinal)}'");
        return $"START_REPLICATION SLOT {slot} LOGICAL {start} ({string.Join(", ", options)})";
    }

    private async ValueTask<bool> WaitAsync()
    {
        try
        {
            do
            {
                await _receiver.ReceiveAsync().ConfigureAwait(false);
                if (_cancellationToken.IsCancellationRequested)
                    return false;
            }
            while (!TakeNext());
            return true;
        }
        catch (Exception e)
        {
            return EndOrThrow(e);
        }
    }

    /// <summary>Goes to the next message among those received; keepalives on the way are taken note of.</summary>
    private bool TakeNext()
    {
        while (!_cancellationToken.IsCancellationRequested && _receiver.IsReceived
            && _session.Input.TryTakeMessage(out var type, out var body))
        {
            switch (type)
            {
                case BackendMessageType.CopyData when body.Length > XLogDataHeader && body.Span[0] == (byte)'w':
                    _pacing.Read();
                    Advance(body.Span[(1 + sizeof(long))..]);
                    Message = body[XLogDataHeader..];
                    return true;
                case BackendMessageType.CopyData when body.Length == KeepaliveLength && body.Span[0] == (byte)'k':
                    TakeKeepalive(body.Span);
                    break;
                case BackendMessageType.ErrorResponse:
                    throw ServerReport.Read(body.Span);
                // A server that shuts down ends its streams; what follows is the session's end.
                case BackendMessageType.CopyDone or BackendMessageType.CommandComplete
                    or BackendMessageType.ReadyForQuery:
                    throw new EndOfStreamException("The server has ended the stream.");
                case BackendMessageType.NoticeResponse:
                    RefuseToLosePublication(ServerReport.Read(body.Span));
                    break;
                case BackendMessageType.ParameterStatus or BackendMessageType.NotificationResponse:
                    break;
                default:
                    throw WireViolation.Error($"a message of type {type} has no place in a replication stream");
            }
        }

        return false;
    }

    /// <summary>Postgres 18 leaves out what a missing publication would send, and says so by a warning alone.</summary>
    private static void RefuseToLosePublication(PostgresException notice)
    {
        if (notice.Routine == "LoadPublications")
            throw notice;
    }

    private void TakeKeepalive(ReadOnlySpan<byte> keepalive)
    {
        Advance(keepalive[1..]);
        Volatile.Write(ref _idlePosition, BinaryPrimitives.ReadInt64BigEndian(keepalive[1..]));
        if (keepalive[^1] != 0)
            _reports.Answer(ServerPosition);
    }

    private void Advance(ReadOnlySpan<byte> walEnd)
    {
        var position = BinaryPrimitives.ReadUInt64BigEndian(walEnd);
        if (position > (ulong)_serverPosition)
            Volatile.Write(ref _serverPosition, (long)position);
    }

    private bool EndOrThrow(Exception e) =>
        _cancellationToken.IsCancellationRequested ? false : throw _connector.Translate(e);
}
