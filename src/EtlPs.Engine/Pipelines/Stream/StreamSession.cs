using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Reset;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// One connection's worth of streaming: one batch is filled while the one before is applied on another thread, and
/// nothing is confirmed to the source before it is committed at the destination.
/// </summary>
internal sealed class StreamSession(
    IReplicationChannel channel, ChangeCollector collector, BatchApplier applier, StreamGoal goal, StreamMeter meter,
    StreamBoundary boundary)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(10);
    private const long IdleBytes = 64 << 20;

    private readonly BatchPacing _pacing = new();
    private ChangeBatch _filling = new();
    private ChangeBatch _spare = new();
    private Task<bool>? _reading;
    private Task? _applying;
    private Task _tick = Task.CompletedTask;
    private bool _isGoalPassed;
    private bool _isOpenAtDestination;
    private (int Transactions, int Changes) _uncommitted;
    private long _applyBegun;
    private long _statusSent;
    private long _positionStored = Stopwatch.GetTimestamp();

    /// <summary>Streams until the goal is reached or one of the tokens asks for an end; all are clean ends.</summary>
    /// <param name="stop">Ends at once; what has come of a transaction that is not over is sent again.</param>
    /// <param name="interrupt">
    /// Ends between two transactions: else a source whose catalog changes all the time would never get a large one
    /// through. There is an end to wait for, since only committed transactions come.
    /// </param>
    public async Task<StreamEnd> RunAsync(CancellationToken stop, CancellationToken interrupt)
    {
        bool IsOver() =>
            stop.IsCancellationRequested || (interrupt.IsCancellationRequested && !collector.HasOpenChanges);
        try
        {
            return await ReadAsync(IsOver).ConfigureAwait(false) is { } end
                ? await FinishAsync(end).ConfigureAwait(false)
                : throw new InvalidOperationException("The channel ended before it was closed.");
        }
        finally
        {
            // An apply still under way uses the connection that the caller is about to close.
            if (_applying is not null) await _applying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            applier.RollBack();
        }
    }

    /// <summary>
    /// Waits for the read that was under way when the stream ended; the channel's own end must have been asked for.
    /// </summary>
    public async Task SettleAsync()
    {
        if (_reading is not null) await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<StreamEnd?> ReadAsync(Func<bool> isOver)
    {
        while (true)
        {
            var move = channel.MoveNextAsync();
            bool moved;
            if (move.IsCompleted)
            {
                moved = await move.ConfigureAwait(false);
            }
            else
            {
                _reading = move.AsTask();
                if (await WaitAsync(_reading, isOver).ConfigureAwait(false) is { } end) return end;
                moved = await _reading.ConfigureAwait(false);
            }
            if (!moved) return null;

            try
            {
                collector.Take(channel.Message.Span, _filling);
            }
            catch (TableFailedException)
            {
                await StoreWholeTransactionsAsync().ConfigureAwait(false);
                throw;
            }
            if (isOver()) return StreamEnd.Stopped;
            if (collector.InTransaction)
            {
                if (goal.IsReachedBy(collector.CommitLsn))
                {
                    _isGoalPassed = true;
                    return goal.End;
                }
                if (IsPartDue()) await HandOverAsync().ConfigureAwait(false);
                continue;
            }
            if (_filling.IsEmpty) continue;
            _pacing.Begin();
            if (_applying is { IsCompleted: true }) await ObserveAsync().ConfigureAwait(false);
            if (goal.IsReachedBy(_filling.Position)) return goal.End;
            if (_filling.Weight >= BatchPacing.LargestBatch || (_applying is null && _pacing.IsDue))
                await HandOverAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether what there is of an open transaction goes to the destination already, where it waits for its end: a
    /// transaction of its own, once the destination has nothing else to do; with others before it, which would have to
    /// wait for it, only when the batch is full.
    /// </summary>
    private bool IsPartDue() =>
        _filling.Weight >= BatchPacing.LargestBatch
        || (_filling.Weight >= BatchPacing.PartOfTransaction && _filling.Transactions == 0
            && _applying is not { IsCompleted: false });

    /// <summary>
    /// While the source is silent: stores what is there, then the idle position, and looks for an end.
    /// </summary>
    private async Task<StreamEnd?> WaitAsync(Task<bool> message, Func<bool> isOver)
    {
        if (!_filling.IsEmpty && !_pacing.IsDue && !collector.HasOpenChanges)
            await Task.WhenAny(message, Task.Delay(BatchPacing.Lull, CancellationToken.None)).ConfigureAwait(false);
        while (!message.IsCompleted)
        {
            if (_applying is { IsCompleted: true }) await ObserveAsync().ConfigureAwait(false);
            if (goal.IsReachedBy(applier.Position)) return goal.End;
            if (isOver()) return StreamEnd.Stopped;
            if (_applying is null && !_isOpenAtDestination)
                await boundary.ReachedAsync(collector.CommitLsn).ConfigureAwait(false);
            if (_applying is null && !collector.HasOpenChanges)
            {
                if (_filling.IsEmpty && !collector.InTransaction) TakeIdlePosition(always: false);
                if (!_filling.IsEmpty) await HandOverAsync().ConfigureAwait(false);
            }
            meter.Report(applier.Position, channel.ServerPosition);
            if (_tick.IsCompleted) _tick = Task.Delay(Tick, CancellationToken.None);
            await Task.WhenAny(message, _applying ?? _tick, _tick).ConfigureAwait(false);
        }
        return null;
    }

    /// <summary>
    /// An idle pipeline must not pin the source's WAL: the position that the server vouches for is stored before it is
    /// confirmed, so that the next start is never behind the slot.
    /// </summary>
    private void TakeIdlePosition(bool always)
    {
        if (!channel.TryGetIdlePosition(out var position) || position <= applier.Position) return;
        if (!always
            && !goal.IsReachedBy(position)
            && !channel.IsPositionAwaited
            && position - applier.Position < IdleBytes
            && Stopwatch.GetElapsedTime(_positionStored) < IdleInterval)
            return;
        _filling.Position = position;
        _filling.CommitTime = meter.LastCommit;
    }

    /// <summary>
    /// Transactions come in the order of their commits: when one has begun that commits beyond the goal, all that end
    /// before it are here. Without this, a source that never pauses would never let the goal be reached.
    /// </summary>
    private void TakeGoal()
    {
        if (goal.Target is not { } target || target <= applier.Position || target <= _filling.Position) return;
        _filling.Position = target;
        _filling.CommitTime ??= meter.LastCommit;
    }

    /// <summary>
    /// A table stops right before the change that cannot be stored, not wherever the last batch happened to end.
    /// </summary>
    private async Task StoreWholeTransactionsAsync()
    {
        if (_applying is not null) await ObserveAsync().ConfigureAwait(false);
        if (_isOpenAtDestination && !_filling.Position.IsKnown) return;
        _filling.DropOpenChanges();
        if (_filling.IsEmpty) return;
        HandOver(endsInsideTransaction: false);
        await ObserveAsync().ConfigureAwait(false);
    }

    private async Task HandOverAsync()
    {
        if (_applying is not null) await ObserveAsync().ConfigureAwait(false);
        HandOver(collector.HasOpenChanges);
    }

    private void HandOver(bool endsInsideTransaction)
    {
        var batch = _filling;
        batch.EndsInsideTransaction = endsInsideTransaction;
        _isOpenAtDestination = endsInsideTransaction;
        (_filling, _spare) = (_spare, batch);
        _pacing.End();
        _applyBegun = Stopwatch.GetTimestamp();
        _applying = Task.Run(() => applier.Apply(batch));
    }

    /// <summary>Waits for the batch under way and tells the source what is stored.</summary>
    private async Task ObserveAsync()
    {
        var applying = _applying!;
        _applying = null;
        await applying.ConfigureAwait(false);
        _pacing.Applied(Stopwatch.GetElapsedTime(_applyBegun));
        _uncommitted = (_uncommitted.Transactions + _spare.Transactions, _uncommitted.Changes + _spare.Changes.Count);
        var committed = !_spare.EndsInsideTransaction;
        if (committed)
        {
            meter.Stored(_uncommitted.Transactions, _uncommitted.Changes, _spare.CommitTime);
            _uncommitted = default;
        }
        _spare.Clear();
        meter.Report(applier.Position, channel.ServerPosition);
        if (!committed) return;
        _positionStored = Stopwatch.GetTimestamp();
        channel.Confirm(applier.Position);
        await boundary.ReachedAsync(collector.CommitLsn).ConfigureAwait(false);
        if (_statusSent != 0 && Stopwatch.GetElapsedTime(_statusSent) < StatusInterval) return;
        _statusSent = Stopwatch.GetTimestamp();
        await channel.SendStatusAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<StreamEnd> FinishAsync(StreamEnd end)
    {
        if (_applying is not null) await ObserveAsync().ConfigureAwait(false);
        if (!collector.HasOpenChanges)
        {
            if (_isGoalPassed) TakeGoal();
            else if (_filling.IsEmpty && !collector.InTransaction) TakeIdlePosition(always: true);
            if (!_filling.IsEmpty)
            {
                await HandOverAsync().ConfigureAwait(false);
                await ObserveAsync().ConfigureAwait(false);
            }
        }
        meter.Report(applier.Position, channel.ServerPosition, always: true);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await channel.SendStatusAsync(timeout.Token).ConfigureAwait(false);
        return end;
    }
}
