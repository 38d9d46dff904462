using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines;

/// <summary>How a stream is run and when it ends by itself.</summary>
public sealed record StreamOptions
{
    /// <summary>Begin with empty tables instead of a backfill.</summary>
    public bool SkipBackfill { get; init; }

    /// <summary>How many tables and ranges are copied at the same time, before there is something to follow.</summary>
    public int Workers { get; init; } = BackfillOptions.DefaultWorkers;

    /// <summary>Drop what is there and begin anew.</summary>
    public bool Restart { get; init; }

    /// <summary>End once the position has reached the server's WAL end as it was at the start.</summary>
    public bool UntilCaughtUp { get; init; }

    /// <summary>End once the position has reached this LSN.</summary>
    public Lsn? UntilLsn { get; init; }

    /// <summary>End after this time.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What to do when one table cannot go on.</summary>
    public OnTableError OnTableError { get; init; }

    /// <summary>
    /// How long a lost connection is tried again without success before the stream ends; zero: not at all.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; init; } = Run.Reconnection.DefaultLongest;
}
