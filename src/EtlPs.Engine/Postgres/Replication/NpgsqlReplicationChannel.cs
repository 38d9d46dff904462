using System.Numerics;
using System.Runtime.CompilerServices;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using Npgsql.Replication;
using Npgsql.Replication.Internal;
using NpgsqlTypes;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// A logical replication stream through Npgsql, as raw messages. Dispose it only when no <see cref="MoveNextAsync"/> is
/// under way: cancel the token given at the start, which ends one, and wait for it.
/// </summary>
internal sealed class NpgsqlReplicationChannel : IReplicationChannel
{
    private readonly PostgresConnector _connector;
    private readonly LogicalReplicationConnection _connection;
    private readonly IAsyncEnumerator<XLogDataMessage> _messages;
    private readonly CancellationToken _cancellationToken;
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;

    // A walsender sends each change on its own.
    private readonly ReadPacing _pacing =
        new(busyInterval: TimeSpan.FromMilliseconds(0.5), pause: TimeSpan.FromMilliseconds(2));

    // Odd while a read waits: another value, even or odd, means that it is not the same wait any more.
    private long _waits;
    private long _confirmed;

    private NpgsqlReplicationChannel(
        PostgresConnector connector,
        LogicalReplicationConnection connection,
        IAsyncEnumerator<XLogDataMessage> messages,
        TimeSpan statusInterval,
        CancellationToken cancellationToken)
    {
        _connector = connector;
        _connection = connection;
        _messages = messages;
        _cancellationToken = cancellationToken;
        StatusInterval = statusInterval;
    }

    public ReadOnlyMemory<byte> Message => _buffer.AsMemory(0, _length);

    public Lsn ServerPosition => new((ulong)_connection.LastReceivedLsn);

    public TimeSpan StatusInterval { get; }

    /// <summary>
    /// Opens a session and prepares the stream; START_REPLICATION goes out with the first <see cref="MoveNextAsync"/>,
    /// which therefore is where an active, lost or missing slot shows.
    /// </summary>
    /// <param name="connector">The source.</param>
    /// <param name="slot">An existing pgoutput slot.</param>
    /// <param name="publication">The publication, by its exact name.</param>
    /// <param name="format">The form of values.</param>
    /// <param name="start">The position stored at the destination; the server starts at the slot's own where that is
    /// later.</param>
    /// <param name="cancellationToken">Ends the stream whenever it is cancelled, not only its opening.</param>
    public static async Task<NpgsqlReplicationChannel> OpenAsync(
        PostgresConnector connector, string slot, string publication, ValueFormat format, Lsn start,
        CancellationToken cancellationToken)
    {
        SlotName.Require(slot);
        var connection = await connector.OpenReplicationAsync(cancellationToken).ConfigureAwait(false);
        return await StartAsync(connector, connection, slot, publication, format, start, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// The same on an open session, which is disposed with the channel: that of a temporary slot, which no other can
    /// use.
    /// </summary>
    public static Task<NpgsqlReplicationChannel> StartAsync(
        PostgresConnector connector, LogicalReplicationConnection connection, string slot, string publication,
        ValueFormat format, Lsn start,
        CancellationToken cancellationToken) =>
        StartAsync(connector, connection, slot, PgOutputOptions.For(publication, format), start, cancellationToken);

    /// <summary>The same with the plugin's options.</summary>
    public static async Task<NpgsqlReplicationChannel> StartAsync(
        PostgresConnector connector, LogicalReplicationConnection connection, string slot,
        IReadOnlyList<(string Name, string Value)> options, Lsn start, CancellationToken cancellationToken)
    {
        try
        {
            // Neither of the two commands waits for anything at a server that is there.
            connection.CommandTimeout = WalSenderPatience.ToOpen(connector.LongestSilence);
            var patience = WalSenderPatience.Of(
                await connection.Show("wal_sender_timeout", cancellationToken).ConfigureAwait(false),
                connector.LongestSilence);
            connection.WalReceiverStatusInterval = patience.StatusInterval;
            // Npgsql asks for an answer when half of it is over, but was seen to miss it where the silence began right
            // after a message: then the system's TCP time-outs have to end the connection, which may take a quarter of
            // an hour.
            connection.WalReceiverTimeout = patience.LongestSilence;
            // Until something is confirmed, a report must not take the slot back nor forward of what is stored.
            connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(start.Value));
            var messages = connection.StartLogicalReplication(
                new StartedSlot(slot),
                cancellationToken,
                new NpgsqlLogSequenceNumber(start.Value),
                options.Select(
                    o => new KeyValuePair<string, string?>(
                        o.Name, o.Value.Replace("'", "''", StringComparison.Ordinal))));
            return new NpgsqlReplicationChannel(
                connector, connection, messages.GetAsyncEnumerator(cancellationToken), patience.StatusInterval,
                cancellationToken)
            {
                _confirmed = (long)start.Value,
            };
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            throw connector.Translate(e);
        }
    }

    public ValueTask<bool> MoveNextAsync() => _pacing.ShouldPause ? PauseAndReadAsync() : ReadNext();

    private async ValueTask<bool> PauseAndReadAsync()
    {
        await _pacing.PauseAsync().ConfigureAwait(false);
        return await ReadNext().ConfigureAwait(false);
    }

    private ValueTask<bool> ReadNext()
    {
        try
        {
            var move = _messages.MoveNextAsync();
            if (!move.IsCompleted)
                return WaitAsync(move);
            return move.Result ? ReadPayload() : new ValueTask<bool>(false);
        }
        catch (Exception e)
        {
            return new ValueTask<bool>(EndOrThrow(e));
        }
    }

    public bool TakesPositionsInOrder => false;

    // Npgsql answers by itself, and does not say that it was asked.
    public bool IsPositionAwaited => false;

    public bool TryGetIdlePosition(out Lsn position)
    {
        var before = Volatile.Read(ref _waits);
        position = ServerPosition;
        // A position that moves between Npgsql's reading of a message and the end of our wait is that message's own. A
        // reader inside a transaction asks no idle position, so it is a BEGIN, whose position lies below its commit; or
        // a message of an open streamed transaction, where only the TransactionAssembler knows when to believe it.
        return (before & 1) != 0 && before == Volatile.Read(ref _waits) && position.IsKnown;
    }

    public void Confirm(Lsn flushed)
    {
        if ((ulong)_confirmed >= flushed.Value)
            return;
        _confirmed = (long)flushed.Value;
        _connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(flushed.Value));
    }

    public async ValueTask SendStatusAsync(CancellationToken cancellationToken)
    {
        // Npgsql cannot send before the server has answered START_REPLICATION, and nothing is new to the server then.
        if (!ServerPosition.IsKnown) return;
        try
        {
            await _connection.SendStatusUpdate(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw _connector.Translate(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _messages.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or IOException or OperationCanceledException)
        {
            // The stream is over either way, and what broke it was told by MoveNextAsync.
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAsync(ValueTask<bool> move)
    {
        Interlocked.Increment(ref _waits);
        bool moved;
        try
        {
            moved = await move.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return EndOrThrow(e);
        }
        finally
        {
            Interlocked.Increment(ref _waits);
        }

        _pacing.Waited();
        return moved && await ReadPayload().ConfigureAwait(false);
    }

    private ValueTask<bool> ReadPayload()
    {
        _pacing.Read();
        var data = _messages.Current.Data;
        _length = checked((int)data.Length);
        if (_buffer.Length < _length)
            _buffer = new byte[(int)Math.Min(Array.MaxLength, BitOperations.RoundUpToPowerOf2((uint)_length))];
        var read = data.ReadAsync(_buffer.AsMemory(0, _length), CancellationToken.None);
        if (!read.IsCompletedSuccessfully)
            return ReadRestAsync(data, read);
        var filled = read.Result;
        return filled == _length ? new ValueTask<bool>(true) : ReadRestAsync(data, new ValueTask<int>(filled));
    }

    private async ValueTask<bool> ReadRestAsync(Stream data, ValueTask<int> read)
    {
        try
        {
            var filled = await read.ConfigureAwait(false);
            // Not the token's: a message cut in the middle would leave the session unusable for its clean end.
            await data.ReadExactlyAsync(_buffer.AsMemory(filled, _length - filled), CancellationToken.None)
                .ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            return EndOrThrow(e);
        }
    }

    private bool EndOrThrow(Exception e) =>
        _cancellationToken.IsCancellationRequested ? false : throw _connector.Translate(e);

    private sealed class StartedSlot(string name)
        : LogicalReplicationSlot("pgoutput", new ReplicationSlotOptions(name));
}
