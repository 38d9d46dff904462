using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using Npgsql.Replication;
using Npgsql.Replication.Internal;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>One walsender session with a temporary slot, whose changes are told as they come.</summary>
internal sealed class WatchSession(
    PostgresConnector source, string slot, string publication, ChangeReader reader,
    Func<PipelineEvent, CancellationToken, ValueTask> tell)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private bool _hasToldOfOldRows;

    /// <summary>Returns LsnReached; the token ends it with an <see cref="OperationCanceledException"/>.</summary>
    public async Task<StreamEnd> RunAsync(Lsn? until, CancellationToken cancellationToken)
    {
        var (connection, start) = await CreateSlotAsync(cancellationToken).ConfigureAwait(false);
        using var close = new CancellationTokenSource();
        var channel = await NpgsqlReplicationChannel
            .StartAsync(source, connection, slot, PgOutputOptions.AsText(publication), start, close.Token)
            .ConfigureAwait(false);
        await using var closing = channel.ConfigureAwait(false);
        await tell(new Milestone($"Watching from {start}.", MilestoneLevel.Verbose), cancellationToken)
            .ConfigureAwait(false);
        Task<bool>? reading = null;
        try
        {
            while (true)
            {
                // A source that is busy with other tables never lets a read wait.
                cancellationToken.ThrowIfCancellationRequested();
                reading = channel.MoveNextAsync().AsTask();
                if (!await WaitAsync(channel, reading, until, cancellationToken).ConfigureAwait(false))
                    return StreamEnd.LsnReached;
                if (!await reading.ConfigureAwait(false))
                    throw PgOutputReader.Violation("it ended before it was closed");
                foreach (var change in reader.Read(channel.Message.Span))
                    await TellAsync(change, cancellationToken).ConfigureAwait(false);
                // So that the server needs not keep its WAL for as long as the watch lasts.
                channel.Confirm(reader.Position);
                if (until is { } lsn && (reader.CommitLsn >= lsn || reader.Position >= lsn))
                    return StreamEnd.LsnReached;
            }
        }
        finally
        {
            // A read that still waits must be over before its connection is closed.
            await close.CancelAsync().ConfigureAwait(false);
            if (reading is not null) await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for a message; false where none is needed any more.</summary>
    private async Task<bool> WaitAsync(
        NpgsqlReplicationChannel channel, Task<bool> reading, Lsn? until, CancellationToken cancellationToken)
    {
        while (!reading.IsCompleted)
        {
            // Inside a transaction it may be the position of what is still to be told.
            if (!reader.IsInTransaction && channel.TryGetIdlePosition(out var idle))
            {
                if (until is { } lsn && idle >= lsn) return false;
                channel.Confirm(idle);
            }
            await Task.WhenAny(reading, Task.Delay(Tick, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        return true;
    }

    private async Task<(LogicalReplicationConnection Connection, Lsn Start)> CreateSlotAsync(
        CancellationToken cancellationToken)
    {
        var connection = await source.OpenReplicationAsync(cancellationToken).ConfigureAwait(false);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var blockers = SlotBlockers.WatchAsync(source, Warn, over.Token);
        try
        {
            var created = await connection.CreatePgOutputReplicationSlot(
                slot, temporarySlot: true, LogicalSlotSnapshotInitMode.NoExport, twoPhase: false, cancellationToken)
                .ConfigureAwait(false);
            return (connection, new Lsn((ulong)created.ConsistentPoint));
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw source.Translate(e);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await blockers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void Warn(string who) => _ = tell(new Milestone(who, MilestoneLevel.Warning), over.Token).AsTask();
    }

    private async ValueTask TellAsync(SourceChange change, CancellationToken cancellationToken)
    {
        if (!change.IsExact && !_hasToldOfOldRows)
        {
            _hasToldOfOldRows = true;
            await tell(
                new Milestone(
                    $"Postgres does not send the old rows of {change.Table}, so that Changed lists every column that "
                    + $"an UPDATE may have changed. ALTER TABLE {change.Table.Quoted} REPLICA IDENTITY FULL tells them "
                    + "exactly, for more WAL.",
                    MilestoneLevel.Warning),
                cancellationToken).ConfigureAwait(false);
        }
        await tell(change, cancellationToken).ConfigureAwait(false);
    }
}
