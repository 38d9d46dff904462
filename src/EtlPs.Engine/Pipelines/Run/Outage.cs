using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>The time between the loss of a connection and sound work on a new one.</summary>
/// <param name="longest">The longest time without such work.</param>
/// <param name="time">The clock.</param>
internal sealed class Outage(TimeSpan longest, TimeProvider time)
{
    // A server that takes a session and drops it at once, again and again, is not back.
    private static readonly TimeSpan SoundAfter = TimeSpan.FromSeconds(5);

    // Nor is one whose sessions all break before the work gets on, as a large transaction that does not come through:
    // only a session that held for as long as is waited for one, and not for a few seconds because that is what the
    // user has patience for.
    private static readonly TimeSpan LastingAfter = TimeSpan.FromMinutes(1);

    private long? _begun;
    private long? _connected;
    private StoredWork _storedBefore;
    private bool _lackedNothing;

    /// <summary>Whether a connection was lost.</summary>
    public bool HasBegun => _begun is not null;

    /// <summary>When the first connection was lost.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>How often the source was tried since.</summary>
    public int Tries { get; private set; }

    public TimeSpan Elapsed => ElapsedSince(_begun);

    public void Begin()
    {
        if (HasBegun) return;
        _begun = time.GetTimestamp();
        Since = time.GetUtcNow();
    }

    /// <summary>Notes another try; there is no connection yet.</summary>
    public void Try()
    {
        Tries++;
        _connected = null;
    }

    /// <summary>Notes that the source answers.</summary>
    /// <param name="stored">What is stored then.</param>
    /// <param name="walEnd">How far the source's WAL goes; null: nobody has looked.</param>
    public void Connected(StoredWork stored, Lsn? walEnd) =>
        (_connected, _storedBefore, _lackedNothing) = (time.GetTimestamp(), stored, walEnd <= stored.Position);

    /// <summary>
    /// Whether the last try had brought the work on, or there was nothing to bring: what breaks afterwards is another
    /// outage.
    /// </summary>
    public bool WasOver(StoredWork stored) => _connected is not null
        && (stored != _storedBefore
            || ElapsedSince(_connected) > (_lackedNothing ? SoundAfter : longest > LastingAfter ? longest
                : LastingAfter));

    /// <summary>The error that ends the run: what happened, since when, and what to do.</summary>
    public EtlException GivenUp(EtlException last, string source) => new(
        last.Code,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{last.Message} There has been no lasting connection to {source} since {Since:yyyy-MM-dd HH:mm:ss} UTC, "
            + $"in {Tries} tries."),
        $"{last.Remedy} Then start again: the run goes on from what is stored. -ReconnectTimeout says how long a "
        + "stream tries.",
        last)
    {
        Subject = last.Subject,
    };

    private TimeSpan ElapsedSince(long? moment) => moment is { } begun ? time.GetElapsedTime(begun) : TimeSpan.Zero;
}
