using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines;

/// <summary>Whether a sample of a column's values arrived in DuckDB as what they are.</summary>
/// <param name="Table">The table in Postgres.</param>
/// <param name="Column">Its column.</param>
/// <param name="PostgresType">The column's type there.</param>
/// <param name="DuckDbType">The type that it has, or would have, in DuckDB.</param>
/// <param name="Rows">How many rows were taken.</param>
/// <param name="Exact">Whether all of them are exact; null: values of this type are not compared, but were all
/// taken.</param>
/// <param name="Reason">Why not: kinds of values and how many, never a value.</param>
public sealed record ColumnFidelity(
    TableName Table, string Column, string PostgresType, string DuckDbType, int Rows, bool? Exact, string? Reason);
