namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// The work of one round, shared by its workers: a worker stays with its table while that has ranges left, and else
/// helps with the one that has most bytes left.
/// </summary>
internal sealed class RangeQueue(IReadOnlyList<TableCopy> tables)
{
    private readonly object _gate = new();
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Whether something could still be begun.</summary>
    public bool HasWork
    {
        get
        {
            lock (_gate) return tables.Any(t => t.HasWork);
        }
    }

    /// <summary>The next piece of work; null: there is none, and none is to come.</summary>
    /// <param name="current">The table that the worker has open.</param>
    /// <param name="stop">Gives up waiting for a table that another worker opens.</param>
    public async Task<CopyTask?> TakeAsync(TableCopy? current, CancellationToken stop)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (Next(current) is { } table) return table.Take();
                if (!tables.Any(t => t.IsOpening)) return null;
                changed = _changed.Task;
            }
            await changed.WaitAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>Says what there is to copy of a table that was to be opened.</summary>
    public void Opened(TableCopy table, OpenedTable opened)
    {
        lock (_gate)
        {
            table.Open(opened);
            Signal();
        }
    }

    /// <summary>Ends a piece of work.</summary>
    /// <param name="task">The work.</param>
    /// <param name="isDone">False: it is to be done by whoever comes next.</param>
    /// <returns>Whether it was the table's last: then the caller brings the table to its end.</returns>
    public bool End(CopyTask task, bool isDone)
    {
        lock (_gate)
        {
            task.Table.End(task, isDone);
            Signal();
            return task.Table.IsOver;
        }
    }

    /// <summary>Ends the table: what other workers have of it under way is cancelled.</summary>
    public void Fail(TableCopy table, Exception failure)
    {
        lock (_gate) table.Fail(failure);
        table.CancelRanges();
    }

    private TableCopy? Next(TableCopy? current) =>
        current is { HasWork: true } ? current : tables.Where(t => t.HasWork).MaxBy(t => t.BytesLeft);

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
