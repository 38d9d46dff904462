using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// What NULL was written in place of, where a pipeline is defined so. Lines of a table under its hidden name are hidden too: they
/// go with it, or are shown with it. Statements only: the caller begins and commits.
/// </summary>
internal sealed class LossStore(DuckDBConnection connection, string pipeline)
{
    private const string OfTable = "pipeline = $1 AND oid = $2";

    /// <summary>Takes losses of one table; they count once the log is closed.</summary>
    public LossLog Open(TableSchema table, bool isHidden, Lsn? lsn = null) => new(connection, pipeline, table, isHidden, lsn);

    /// <summary>Says where the open transaction ends, for what it lost on the way.</summary>
    public void Stamp(Lsn lsn) => connection.Execute(
        "UPDATE etlps.losses SET lsn = $1 WHERE pipeline = $2 AND lsn IS NULL", lsn.Value, pipeline);

    /// <summary>Of a table whose rows have keys: leaves the last line of each value that was lost more than once.</summary>
    public void KeepLast(uint oid, bool isHidden) => connection.Execute(
        $"DELETE FROM etlps.losses WHERE {OfTable} AND hidden = $3 AND rowid NOT IN (SELECT max(rowid) FROM etlps.losses "
        + $"WHERE {OfTable} AND hidden = $3 GROUP BY column_name, key)",
        pipeline, oid, isHidden);

    /// <summary>A table's hidden rows take the place of its visible ones.</summary>
    public void Show(TableSchema table)
    {
        // Rows that were copied twice, under two snapshots, were lost once.
        if (table.KeyColumns.Count > 0) KeepLast(table.Oid, isHidden: true);
        connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable} AND NOT hidden", pipeline, table.Oid);
        connection.Execute($"UPDATE etlps.losses SET hidden = FALSE WHERE {OfTable} AND hidden", pipeline, table.Oid);
    }

    /// <summary>Forgets the losses of a table's hidden rows.</summary>
    public void DropHidden(uint oid) =>
        connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable} AND hidden", pipeline, oid);

    /// <summary>Forgets all losses of a table.</summary>
    public void Delete(uint oid) => connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable}", pipeline, oid);

    /// <summary>
    /// The losses of the rows that can be read, and of copies that are under way where there are none; by table, column and LSN.
    /// </summary>
    public IReadOnlyList<LossRecord> Read()
    {
        var losses = new List<LossRecord>();
        if (StateSchema.Version(connection) is not >= StateSchema.LossVersion) return losses;
        using var command = connection.Command(
            "SELECT l.source_schema, l.source_table, l.column_name, l.key, l.lsn, l.kind, l.recorded_at, l.oid FROM etlps.losses AS l "
            + "JOIN etlps.tables AS t ON t.pipeline = l.pipeline AND t.oid = l.oid "
            + "WHERE l.pipeline = $1 AND (NOT l.hidden OR (t.state <> 'Ready' AND t.stands_at IS NULL)) "
            + "ORDER BY l.source_schema, l.source_table, l.column_name, l.lsn, l.rowid",
            pipeline);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            losses.Add(new LossRecord(
                reader.GetFieldValue<uint>(7),
                new TableName(reader.GetString(0), reader.GetString(1)),
                reader.GetString(2),
                reader.IsDBNull(3) ? null : reader.GetString(3),
                reader.IsDBNull(4) ? Lsn.Zero : new Lsn(reader.GetFieldValue<ulong>(4)),
                reader.GetString(5),
                reader.GetFieldValue<DateTimeOffset>(6)));
        return losses;
    }
}
