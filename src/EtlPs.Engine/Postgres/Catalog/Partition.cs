namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A relation in a partitioned table's tree, the table itself among them.</summary>
/// <param name="Oid">pg_class.oid.</param>
/// <param name="Name">Its name as SQL takes it in the session that told it.</param>
/// <param name="IsLeaf">Whether it holds rows.</param>
/// <param name="AttachedBy">xmin of its row in pg_inherits: being attached again changes it; 0 for the table
/// itself.</param>
/// <param name="FileNode">pg_relation_filenode; 0 where it holds no rows.</param>
/// <param name="Birth">How it came into the tree.</param>
/// <param name="Identity">Its replica identity and the index of it, in one word that is another one when either
/// changes.</param>
internal sealed record Partition(
    uint Oid, string Name, bool IsLeaf, uint AttachedBy, uint FileNode, PartitionBirth Birth, string Identity = "");
