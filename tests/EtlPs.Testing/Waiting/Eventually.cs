using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace EtlPs.Testing.Waiting;

/// <summary>
/// Waits for a state, and not for ever: what never comes is a failure that tells what was waited for.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="run">What is to bring it about; where it ends before, its own error is thrown.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="what">What to tell; by itself the condition as it is written.</param>
    public static async Task IsTrueAsync(
        Func<Task<bool>> condition, Task? run = null, CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            // Asked first: what the run has brought about by its end must be seen.
            var hasEnded = run is { IsCompleted: true };
            if (await condition()) return;
            if (hasEnded)
            {
                await run!;
                throw new InvalidOperationException($"The run ended before this came true: {what}");
            }
            if (Stopwatch.GetElapsedTime(begun) > s_longest)
                throw new TimeoutException($"Not true after {s_longest}: {what}");
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
