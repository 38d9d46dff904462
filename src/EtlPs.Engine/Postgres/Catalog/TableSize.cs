namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>How large a table is.</summary>
/// <param name="Bytes">The heap (all leaves of a partitioned table), without indexes and TOAST.</param>
/// <param name="EstimatedRows">The planner's estimate; null: never analysed.</param>
internal sealed record TableSize(long Bytes, long? EstimatedRows);
