using DuckDB.NET.Data;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>The trees of a pipeline's partitioned tables. Statements only: the caller begins and commits.</summary>
internal sealed class PartitionStore(DuckDBConnection connection, string pipeline)
{
    /// <summary>A table's tree; empty: not looked at yet.</summary>
    public IReadOnlyList<PartitionRecord> Read(uint root)
    {
        var partitions = new List<PartitionRecord>();
        using var command = connection.Command(
            "SELECT oid, attached_by, file_node, horizon FROM etlps.partitions WHERE pipeline = $1 AND root = $2 ORDER "
            + "BY oid",
            pipeline, root);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            partitions.Add(new PartitionRecord(
                root,
                reader.GetFieldValue<uint>(0),
                reader.GetFieldValue<uint>(1),
                reader.IsDBNull(2) ? null : reader.GetFieldValue<uint>(2),
                reader.GetFieldValue<ulong>(3)));
        return partitions;
    }

    /// <summary>Writes a table's tree in place of the one known.</summary>
    public void Replace(uint root, IEnumerable<PartitionRecord> partitions)
    {
        Delete(root);
        foreach (var partition in partitions)
            connection.Execute(
                "INSERT INTO etlps.partitions VALUES ($1, $2, $3, $4, $5, $6)",
                pipeline, root, partition.Oid, partition.AttachedBy, partition.FileNode, partition.Horizon);
    }

    /// <summary>Notes that the root was truncated: its partitions have other files now.</summary>
    public void ForgetFiles(uint root) => connection.Execute(
        "UPDATE etlps.partitions SET file_node = NULL WHERE pipeline = $1 AND root = $2", pipeline, root);

    /// <summary>Forgets a table's tree.</summary>
    public void Delete(uint root) => connection.Execute(
        "DELETE FROM etlps.partitions WHERE pipeline = $1 AND root = $2", pipeline, root);
}
