using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>What is watched, and for how long.</summary>
public sealed record WatchOptions
{
    /// <summary>Table names as in SQL, with wildcards; empty: all that the publication has.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>A publication that is there; null: one is made for the time of the watch.</summary>
    public string? Publication { get; init; }

    /// <summary>Ends once every transaction that committed before it was told.</summary>
    public Lsn? UntilLsn { get; init; }

    /// <summary>Ends after this time.</summary>
    public TimeSpan? Timeout { get; init; }
}
