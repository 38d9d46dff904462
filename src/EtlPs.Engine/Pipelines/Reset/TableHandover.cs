using System.Threading.Channels;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>
/// A hidden copy that waits to be followed by the running stream. Its rows are exact at every position from
/// <see cref="From"/> to <see cref="To"/>: the end of its last transaction, and as far as no other came.
/// </summary>
internal sealed class TableHandover(TableRecord table, CopiedTree tree, Lsn from, Lsn to)
{
    private readonly object _gate = new();
    private readonly Channel<Lsn> _wanted = Channel.CreateUnbounded<Lsn>();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _takenOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Lsn _asked;
    private bool _isTaken;
    private bool _isWithdrawn;

    /// <summary>The copy, as it will be known.</summary>
    public TableRecord Table { get; } = table;

    /// <summary>A partitioned table's tree, as it will be known.</summary>
    public CopiedTree Tree { get; } = tree;

    public Lsn From { get; private set; } = from;

    public Lsn To { get; private set; } = to;

    /// <summary>
    /// What the stream wants the copy to be brought up to; ends when the stream has taken the table over.
    /// </summary>
    public IAsyncEnumerable<Lsn> WantedAsync(CancellationToken stop) => _wanted.Reader.ReadAllAsync(stop);

    /// <summary>Says how far the copy is now.</summary>
    public void Reached(Lsn from, Lsn to)
    {
        lock (_gate)
        {
            (From, To) = (from, to);
            _moved.TrySetResult();
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>
    /// Whether the copy is exact at <paramref name="position"/> or beyond. Where it is not, it is asked to come here,
    /// and the stream waits for it, but not for long and not twice: then it goes on, and looks again at its next batch.
    /// </summary>
    public async Task<bool> ComesToAsync(Lsn position, TimeSpan patience)
    {
        Task moved;
        lock (_gate)
        {
            if (To >= position) return true;
            if (_asked > To) return false;
            _asked = position;
            moved = _moved.Task;
        }
        _wanted.Writer.TryWrite(position);
        await Task.WhenAny(moved, Task.Delay(patience)).ConfigureAwait(false);
        lock (_gate) return To >= position && !_isWithdrawn;
    }

    /// <summary>Claims the copy for the stream; false: its reset was given up.</summary>
    public bool TryTake()
    {
        lock (_gate) return _isTaken = !_isWithdrawn;
    }

    /// <summary>The stream follows the table from now on; or failed, with all that it did undone.</summary>
    public void TakenOver(Exception? failure = null)
    {
        if (failure is null) _takenOver.TrySetResult();
        else _takenOver.TrySetException(failure);
        _wanted.Writer.TryComplete(failure);
    }

    /// <summary>Gives the copy up, unless the stream has it: then waits until it says so.</summary>
    /// <returns>Whether it was given up.</returns>
    public async Task<bool> WithdrawAsync()
    {
        lock (_gate)
        {
            _isWithdrawn = !_isTaken;
            _moved.TrySetResult();
            if (_isWithdrawn) return true;
        }
        await _takenOver.Task.ConfigureAwait(false);
        return false;
    }
}
