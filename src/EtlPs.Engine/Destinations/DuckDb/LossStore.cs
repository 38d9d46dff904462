using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// What NULL was written in place of, where a pipeline is defined so. Lines of a table under its hidden name are hidden too: they
/// go with it, or are shown with it. Statements only: the caller begins and commits.
/// </summary>
internal sealed class LossStore(DuckDBConnection connection, string pipeline)
{
    private const string OfTable = "pipeline = $1 AND oid = $2";

    /// <summary>Takes losses of a range of a copy, which is exact at an LSN; they count once the log is closed.</summary>
    public LossLog OpenForCopy(TableSchema table, Lsn lsn) => new(connection, pipeline, table, isHidden: true, lsn, replaces: false);

    /// <summary>
    /// The same of a stream's changes, which <see cref="Stamp"/> gives their LSN. A row with a key that is written again lost the
    /// same value; only lines of such rows are looked for, however many there are.
    /// </summary>
    public LossLog OpenForStream(TableSchema table, bool isHidden) =>
        new(connection, pipeline, table, isHidden, lsn: null, replaces: table.KeyColumns.Count > 0);

    /// <summary>Says where the open transaction ends, for what it lost on the way.</summary>
    public void Stamp(Lsn lsn) => connection.Execute(
        "UPDATE etlps.losses SET lsn = $1 WHERE pipeline = $2 AND lsn IS NULL", lsn.Value, pipeline);

    /// <summary>A table's hidden rows take the place of its visible ones.</summary>
    public void Show(TableSchema table)
    {
        if (table.KeyColumns.Count > 0) KeepLast(table.Oid);
        connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable} AND NOT hidden", pipeline, table.Oid);
        connection.Execute($"UPDATE etlps.losses SET hidden = FALSE WHERE {OfTable} AND hidden", pipeline, table.Oid);
    }

    /// <summary>Forgets the losses of a table's hidden rows.</summary>
    public void DropHidden(uint oid) =>
        connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable} AND hidden", pipeline, oid);

    /// <summary>Forgets all losses of a table.</summary>
    public void Delete(uint oid) => connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable}", pipeline, oid);

    /// <summary>The columns in which rows of a table have NULL in place of a value.</summary>
    public IReadOnlySet<string> ReadColumns(uint oid, bool isHidden)
    {
        using var command = connection.Command(
            $"SELECT DISTINCT column_name FROM etlps.losses WHERE {OfTable} AND hidden = $3", pipeline, oid, isHidden);
        using var reader = command.ExecuteReader();
        var columns = new HashSet<string>();
        while (reader.Read()) columns.Add(reader.GetString(0));
        return columns;
    }

    /// <summary>
    /// The losses of these tables' rows that can be read, and of copies that are under way where there are none; by table, column and LSN.
    /// </summary>
    public IReadOnlyList<TableLoss> Read(IEnumerable<uint> oids)
    {
        var losses = new List<TableLoss>();
        if (StateSchema.Version(connection) is not >= StateSchema.LossVersion) return losses;
        using var command = connection.Command(
            "SELECT l.source_schema, l.source_table, t.destination_schema, t.destination_table, l.column_name, l.key, l.lsn, l.kind, l.recorded_at "
            + "FROM etlps.losses AS l JOIN etlps.tables AS t ON t.pipeline = l.pipeline AND t.oid = l.oid "
            + $"WHERE l.pipeline = $1 AND list_contains([{string.Join(", ", oids)}]::UINTEGER[], l.oid) "
            + "AND (NOT l.hidden OR (t.state <> 'Ready' AND t.stands_at IS NULL)) "
            + "ORDER BY l.source_schema, l.source_table, l.column_name, l.lsn, l.rowid",
            pipeline);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            losses.Add(new TableLoss(
                new TableName(reader.GetString(0), reader.GetString(1)),
                new TableName(reader.GetString(2), reader.GetString(3)),
                reader.GetString(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                reader.IsDBNull(6) ? Lsn.Zero : new Lsn(reader.GetFieldValue<ulong>(6)),
                reader.GetString(7),
                reader.GetFieldValue<DateTimeOffset>(8)));
        return losses;
    }

    // Rows that were copied twice, under two snapshots, were lost once.
    private void KeepLast(uint oid) => connection.Execute(
        $"DELETE FROM etlps.losses WHERE {OfTable} AND hidden AND rowid NOT IN (SELECT max(rowid) FROM etlps.losses "
        + $"WHERE {OfTable} AND hidden GROUP BY column_name, key)",
        pipeline, oid);
}
