using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines;

/// <summary>A table's state in the destination.</summary>
/// <param name="Source">The table in Postgres.</param>
/// <param name="Destination">The table in DuckDB.</param>
/// <param name="State">Its state.</param>
/// <param name="CopiedAt">The LSN that its copy is exact at.</param>
/// <param name="Rows">Rows copied by the backfill.</param>
/// <param name="ErrorCode">Why it was set aside.</param>
/// <param name="ErrorMessage">The same, in words.</param>
public sealed record TableStatus(
    TableName Source,
    TableName Destination,
    TableState State,
    Lsn CopiedAt,
    long Rows,
    string? ErrorCode,
    string? ErrorMessage);
