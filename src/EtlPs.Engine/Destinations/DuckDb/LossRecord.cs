using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>A value in place of which NULL was written.</summary>
/// <param name="Oid">pg_class.oid of the source table.</param>
/// <param name="Table">Its name there.</param>
/// <param name="Column">Its column there.</param>
/// <param name="Key">The row's key in words; null: the table has none.</param>
/// <param name="Lsn">Where the destination stood with it.</param>
/// <param name="Kind">The kind of value, never the value.</param>
/// <param name="Time">When it was written, UTC.</param>
internal sealed record LossRecord(
    uint Oid, TableName Table, string Column, string? Key, Lsn Lsn, string Kind, DateTimeOffset Time);
