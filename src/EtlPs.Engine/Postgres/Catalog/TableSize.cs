namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>How large a table is.</summary>
/// <param name="Bytes">The rows (in all leaves of a partitioned table) with their large values, without
/// indexes.</param>
/// <param name="EstimatedRows">The planner's estimate; null: never analysed.</param>
internal sealed record TableSize(long Bytes, long? EstimatedRows);
