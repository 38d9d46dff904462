namespace EtlPs.Engine.Postgres.Copy;

/// <summary>What a table's rows are read from in one go: the table itself, or one partition of it.</summary>
/// <param name="Oid">pg_class.oid.</param>
/// <param name="Name">Its name as SQL takes it in the session that told it.</param>
/// <param name="FileNode">The heap's file: another one means that block numbers mean nothing any more. 0: no heap of
/// its own.</param>
/// <param name="SizeBytes">pg_relation_size now: its blocks. 0: none that a range could be cut by.</param>
/// <param name="TotalBytes">pg_table_size now: with the large values that lie beside the rows.</param>
internal sealed record Heap(uint Oid, string Name, uint FileNode, long SizeBytes, long TotalBytes);
