namespace EtlPs.Engine.Pipelines;

/// <summary>
/// Ends work when a token does, or after a time of any length: a timer of .NET takes no more than 49 days.
/// </summary>
public sealed class Deadline : IDisposable
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _stop;

    /// <summary>Begins to count.</summary>
    /// <param name="time">The time; null: only the token ends it.</param>
    /// <param name="stop">Ends it before.</param>
    public Deadline(TimeSpan? time, CancellationToken stop)
        : this(time, LongestStep, stop)
    {
    }

    internal Deadline(TimeSpan? time, TimeSpan longestStep, CancellationToken stop)
    {
        _stop = stop;
        _source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (time <= longestStep) _source.CancelAfter(time.Value);
        else if (time is { } longer) _ = PassAsync(longer, longestStep, _source.Token);
    }

    /// <summary>Cancelled at the end.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the time was what ended it.</summary>
    public bool HasPassed => _source.IsCancellationRequested && !_stop.IsCancellationRequested;

    /// <summary>Counts no more.</summary>
    public void Dispose()
    {
        _source.Cancel();
        _source.Dispose();
    }

    private async Task PassAsync(TimeSpan time, TimeSpan longestStep, CancellationToken over)
    {
        for (; time > longestStep; time -= longestStep) await Task.Delay(longestStep, over).ConfigureAwait(false);
        await Task.Delay(time, over).ConfigureAwait(false);
        await _source.CancelAsync().ConfigureAwait(false);
    }
}
