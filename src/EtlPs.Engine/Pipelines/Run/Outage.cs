using System.Diagnostics;
using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>The time between the loss of a connection and sound work on a new one.</summary>
internal sealed class Outage
{
    // A server that takes a session and drops it at once, again and again, is not back.
    private static readonly TimeSpan SoundAfter = TimeSpan.FromSeconds(5);

    private long _begun;
    private long _connected;
    private (Lsn Position, int Copied) _storedBefore;

    /// <summary>Whether a connection was lost.</summary>
    public bool HasBegun => _begun != 0;

    /// <summary>When the first connection was lost.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>How often the source was tried since.</summary>
    public int Tries { get; private set; }

    public TimeSpan Elapsed => HasBegun ? Stopwatch.GetElapsedTime(_begun) : TimeSpan.Zero;

    public void Begin()
    {
        if (HasBegun) return;
        _begun = Stopwatch.GetTimestamp();
        Since = DateTimeOffset.UtcNow;
    }

    /// <summary>Notes another try; there is no connection yet.</summary>
    public void Try()
    {
        Tries++;
        _connected = 0;
    }

    /// <summary>Notes that the source answers, and what is stored then.</summary>
    public void Connected((Lsn Position, int Copied) stored) => (_connected, _storedBefore) = (Stopwatch.GetTimestamp(), stored);

    /// <summary>Whether the last try had brought the work on: what breaks afterwards is another outage.</summary>
    public bool WasOver((Lsn Position, int Copied) stored) =>
        _connected != 0 && (stored != _storedBefore || Stopwatch.GetElapsedTime(_connected) > SoundAfter);

    /// <summary>The error that ends the run: what happened, since when, and what to do.</summary>
    public EtlException GivenUp(EtlException last, string source) => new(
        last.Code,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{last.Message} There has been no lasting connection to {source} since {Since:yyyy-MM-dd HH:mm:ss} UTC, in {Tries} tries."),
        $"{last.Remedy} Then start again: the run goes on from what is stored. -ReconnectTimeout says how long a stream tries.",
        last)
    {
        Subject = last.Subject,
    };
}
