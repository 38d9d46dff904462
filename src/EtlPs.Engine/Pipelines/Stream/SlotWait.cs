using System.Diagnostics;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Patience with a slot that is in use: the server notices only after a moment that its last client went away. Not for
/// long, since it may truly be somebody else.
/// </summary>
internal sealed class SlotWait
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private long? _begun;

    public bool IsWorthwhile => _begun is not { } begun || Stopwatch.GetElapsedTime(begun) < Longest;

    public Task PauseAsync(CancellationToken cancellationToken)
    {
        _begun ??= Stopwatch.GetTimestamp();
        return Task.Delay(Pause, cancellationToken);
    }

    /// <summary>The slot was had: the next time is another one.</summary>
    public void Over() => _begun = null;
}
