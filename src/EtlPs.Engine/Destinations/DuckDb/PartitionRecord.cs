namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// One relation of a partitioned table's tree, as it was when the copy, or a later look, found it good.
/// </summary>
/// <param name="Root">The pipeline's table.</param>
/// <param name="Oid">The partition; the table itself has a record too, so that a tree without partitions is a known
/// one.</param>
/// <param name="AttachedBy">The transaction that attached it (xmin of its pg_inherits row); 0 for the table
/// itself.</param>
/// <param name="FileNode">
/// pg_relation_filenode: another one means TRUNCATE or a rewrite; null: the root was truncated since, which is
/// followed.
/// </param>
/// <param name="Horizon">Transactions before this one (xid8) were over then: a row of theirs was there.</param>
internal sealed record PartitionRecord(uint Root, uint Oid, uint AttachedBy, uint? FileNode, ulong Horizon);
