using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>Where the resets of tables meet the stream that runs meanwhile. One for each run of a stream.</summary>
/// <param name="sendsAllRows">Whether the publication sends whatever becomes of a row.</param>
internal sealed class ResetDesk(bool sendsAllRows) : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly Dictionary<uint, Task> _resets = [];

    // Not disposed: whoever resets several tables asks whether it was cancelled after the desk is gone. It holds
    // nothing.
    private readonly CancellationTokenSource _closing = new();
    private TableHandover[] _offers = [];
    private bool _closed;
    private bool _needsText;

    /// <summary>Whether the publication sends whatever becomes of a row, to the stream and to resets alike.</summary>
    public bool SendsAllRows { get; } = sendsAllRows;

    /// <summary>The copies that wait to be taken over.</summary>
    public IReadOnlyList<TableHandover> Offers => Volatile.Read(ref _offers);

    /// <summary>Cancelled when the stream is about to end.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>
    /// How values are to come, to the stream and to resets alike: their slots decode the same WAL, of all that is
    /// published.
    /// </summary>
    public ValueFormat FormatOf(IEnumerable<TableSchema> tables) =>
        Volatile.Read(ref _needsText) ? ValueFormat.Text : StreamFormat.Of(tables);

    /// <summary>From now on values come as text: one without a binary form was met.</summary>
    public void NeedText() => Volatile.Write(ref _needsText, true);

    /// <summary>Resets one table, once at a time.</summary>
    /// <exception cref="EtlException">ResetRunning; ResetInterrupted: the stream has ended, or ends before the
    /// reset.</exception>
    public async Task<T> RunAsync<T>(
        TableRecord table, Func<CancellationToken, Task<T>> reset, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_closed) throw ResetErrors.NotBegun(table.Source);
            if (!_resets.TryAdd(table.Oid, over.Task)) throw ResetErrors.Running(table.Source);
        }
        try
        {
            return await reset(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
            when (!cancellationToken.IsCancellationRequested && _closing.IsCancellationRequested)
        {
            throw ResetErrors.Interrupted(table.Source);
        }
        finally
        {
            lock (_gate) _resets.Remove(table.Oid);
            over.SetResult();
        }
    }

    public void Offer(TableHandover handover)
    {
        lock (_gate) Volatile.Write(ref _offers, [.. _offers, handover]);
    }

    public void Withdraw(TableHandover handover)
    {
        lock (_gate) Volatile.Write(ref _offers, [.. _offers.Where(o => o != handover)]);
    }

    /// <summary>Ends the resets under way, and waits for them: they use the file that is about to be closed.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] resets;
        lock (_gate)
        {
            _closed = true;
            resets = [.. _resets.Values];
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(resets).ConfigureAwait(false);
    }
}
