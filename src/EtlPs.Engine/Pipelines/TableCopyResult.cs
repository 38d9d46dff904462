using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines;

/// <summary>What became of one table in a backfill.</summary>
/// <param name="Source">The table in Postgres.</param>
/// <param name="Destination">The table in DuckDB.</param>
/// <param name="State">Its state now.</param>
/// <param name="Copied">Whether this run copied it; false: an earlier one did, or it was set aside.</param>
/// <param name="Rows">Rows copied.</param>
/// <param name="Bytes">Bytes read from Postgres.</param>
/// <param name="CopiedAt">The LSN that the copy is exact at; Zero for a snapshot without a slot.</param>
/// <param name="Elapsed">From its first range to its last commit.</param>
/// <param name="Error">Why it was set aside.</param>
public sealed record TableCopyResult(
    TableName Source,
    TableName Destination,
    TableState State,
    bool Copied,
    long Rows,
    long Bytes,
    Lsn CopiedAt,
    TimeSpan Elapsed,
    EtlException? Error);
