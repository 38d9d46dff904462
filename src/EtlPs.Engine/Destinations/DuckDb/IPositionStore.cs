using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Where the position of what is stored goes, in the same transaction.</summary>
internal interface IPositionStore
{
    /// <summary>Up to where single rows were fetched from the source.</summary>
    FetchStore Fetches { get; }

    /// <summary>What NULL was written in place of.</summary>
    LossStore Losses { get; }

    /// <summary>Notes that a partitioned table was truncated: its partitions have other files now.</summary>
    void NoteTruncation(uint root);

    /// <summary>Moves the position; a null commit time (a keepalive's position) keeps the last one.</summary>
    void SavePosition(Lsn position, DateTimeOffset? commitTime);
}
