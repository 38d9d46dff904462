using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Stream;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>
/// Brings one hidden copy up to a position by a stream of its own. Its position is kept nowhere: a temporary slot is
/// gone with its connection, and a copy that was cut off is made anew.
/// </summary>
internal sealed class TableCatchUp(
    IReplicationChannel channel, ChangeCollector collector, BatchApplier applier, Lsn copiedAt)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly ChangeBatch _batch = new();
    private Task<bool>? _reading;

    /// <summary>The end of the last transaction that is in.</summary>
    public Lsn From { get; private set; } = copiedAt;

    /// <summary>As far as it is known that no other comes.</summary>
    public Lsn To { get; private set; } = copiedAt;

    /// <summary>
    /// Takes in every transaction that commits before <paramref name="target"/>, and none that commits at or after it.
    /// </summary>
    public async Task RunToAsync(Lsn target, CancellationToken stop)
    {
        while (To < target)
        {
            stop.ThrowIfCancellationRequested();
            // Transactions come in the order of their commits.
            if (collector.InTransaction && collector.CommitLsn >= target) Stand(target);
            else if (await ReadAsync(target, stop).ConfigureAwait(false)) Take(target);
            else Stand(target);
        }
    }

    /// <summary>Waits for the read under way; the channel's own end must have been asked for.</summary>
    public async Task SettleAsync()
    {
        if (_reading is not null) await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Take(Lsn target)
    {
        collector.Take(channel.Message.Span, _batch);
        if (_batch.Weight >= BatchPacing.LargestBatch || (!collector.InTransaction && _batch.Position >= target))
            Store();
    }

    private void Stand(Lsn target)
    {
        Store();
        To = target;
    }

    private void Store()
    {
        if (_batch.IsEmpty) return;
        var (position, open) = (_batch.Position, collector.HasOpenChanges);
        _batch.EndsInsideTransaction = open;
        applier.Apply(_batch);
        _batch.Clear();
        if (open) return;
        From = To = position;
        channel.Confirm(position);
    }

    /// <summary>False: the server has nothing more before the target.</summary>
    private async ValueTask<bool> ReadAsync(Lsn target, CancellationToken stop)
    {
        if (_reading is null)
        {
            var move = channel.MoveNextAsync();
            if (move.IsCompleted) return Moved(await move.ConfigureAwait(false));
            _reading = move.AsTask();
        }
        while (!_reading.IsCompleted)
        {
            if (!collector.InTransaction && channel.TryGetIdlePosition(out var idle) && idle >= target) return false;
            await Task.WhenAny(_reading, Task.Delay(Tick, stop)).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
        }
        var read = _reading;
        _reading = null;
        return Moved(await read.ConfigureAwait(false));
    }

    private static bool Moved(bool moved) =>
        moved ? true : throw new InvalidOperationException("The channel ended before it was closed.");
}
