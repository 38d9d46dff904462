using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines;

/// <summary>A table's state in the destination.</summary>
/// <param name="Source">The table in Postgres.</param>
/// <param name="Destination">The table in DuckDB.</param>
/// <param name="State">Its state.</param>
/// <param name="CopiedAt">The LSN that its copy is exact at.</param>
/// <param name="Rows">Rows copied by the backfill.</param>
/// <param name="Bytes">Bytes that it read from Postgres.</param>
/// <param name="ErrorCode">Why it was set aside.</param>
/// <param name="ErrorMessage">The same, in words.</param>
public sealed record TableStatus(
    TableName Source,
    TableName Destination,
    TableState State,
    Lsn CopiedAt,
    long Rows,
    long Bytes,
    string? ErrorCode,
    string? ErrorMessage)
{
    /// <summary>Columns that have another name in DuckDB: that name, by the one in Postgres.</summary>
    public IReadOnlyDictionary<string, string> RenamedColumns { get; init; } = new Dictionary<string, string>();

    /// <summary>What to do about the error.</summary>
    public string? Remedy { get; init; }

    /// <summary>The column that the error is about.</summary>
    public string? ErrorColumn { get; init; }

    /// <summary>The key, in words, of the row that the error is about.</summary>
    public string? ErrorKey { get; init; }

    /// <summary>When it was set aside, UTC.</summary>
    public DateTimeOffset? SetAsideSince { get; init; }

    /// <summary>
    /// Where its visible rows stand while they do not follow the pipeline; null: they do, or there are none.
    /// </summary>
    public Lsn? StandsAt { get; init; }

    /// <summary>Commit time of the last transaction stored before that, UTC.</summary>
    public DateTimeOffset? StandsAtCommit { get; init; }

    /// <summary>Since when it is copied again beside its visible rows, UTC.</summary>
    public DateTimeOffset? ResetBegun { get; init; }
}
