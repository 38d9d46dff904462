using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines;

/// <summary>
/// A value that was rounded, or in place of which NULL was written, since DuckDB's type cannot hold it and the pipeline
/// is defined so.
/// </summary>
/// <param name="Source">The table in Postgres.</param>
/// <param name="Destination">The table in DuckDB.</param>
/// <param name="Column">The column in Postgres.</param>
/// <param name="Key">The row's key in words, <c>id=42</c>; null: the table has none.</param>
/// <param name="Lsn">Where the destination stood with it: the end of a commit, or the copy's own LSN.</param>
/// <param name="Kind">The kind of value, never the value.</param>
/// <param name="Time">When it was written, UTC.</param>
public sealed record TableLoss(
    TableName Source, TableName Destination, string Column, string? Key, Lsn Lsn, string Kind, DateTimeOffset Time);
