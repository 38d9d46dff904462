using System.Diagnostics;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Tries again, for a short time, what somebody else is about to let go.</summary>
internal sealed class Patience(TimeSpan longest)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly long _begun = Stopwatch.GetTimestamp();

    public bool IsLeft => Stopwatch.GetElapsedTime(_begun) < longest;

    public static Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(Pause, cancellationToken);
}
