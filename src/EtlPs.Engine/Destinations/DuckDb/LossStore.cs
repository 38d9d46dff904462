using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Values that were rounded, or that NULL was written in place of, where a pipeline is defined so. Lines of a table
/// under its hidden name are hidden too: they go with it, or are shown with it. Statements only: the caller begins and
/// commits.
/// </summary>
internal sealed class LossStore(DuckDBConnection connection, string pipeline)
{
    private const string OfTable = "pipeline = $1 AND oid = $2";

    /// <summary>
    /// Takes losses of a range of a copy, which is exact at an LSN; they count once the log is closed.
    /// </summary>
    public LossLog OpenForCopy(TableSchema table, Lsn lsn) =>
        new(connection, pipeline, table, isHidden: true, lsn, replaces: false);

    /// <summary>
    /// The same of a stream's changes, which <see cref="Stamp"/> gives their LSN. A row with a key that is written
    /// again lost the same value; only lines of such rows are looked for, however many there are.
    /// </summary>
    public LossLog OpenForStream(TableSchema table, bool isHidden) =>
        new(connection, pipeline, table, isHidden, lsn: null, replaces: table.KeyColumns.Count > 0);

    /// <summary>Says where the open transaction ends, for what it lost on the way.</summary>
    public void Stamp(Lsn lsn) => connection.Execute(
        "UPDATE etlps.losses SET lsn = $1 WHERE pipeline = $2 AND lsn IS NULL", lsn.Value, pipeline);

    /// <summary>A table's hidden rows take the place of its visible ones.</summary>
    public void Show(TableSchema table)
    {
        // The three statements take longer than all else that shows a small table, and hardly any has a loss.
        if (!HasAny(table.Oid)) return;
        if (table.KeyColumns.Count > 0) KeepLast(table.Oid);
        connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable} AND NOT hidden", pipeline, table.Oid);
        connection.Execute($"UPDATE etlps.losses SET hidden = FALSE WHERE {OfTable} AND hidden", pipeline, table.Oid);
    }

    /// <summary>Forgets the losses of a table's hidden rows.</summary>
    public void DropHidden(uint oid) =>
        connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable} AND hidden", pipeline, oid);

    /// <summary>Forgets all losses of a table.</summary>
    public void Delete(uint oid) => connection.Execute($"DELETE FROM etlps.losses WHERE {OfTable}", pipeline, oid);

    /// <summary>The columns of a table that rows have something else in than their value: Null, or Round.</summary>
    public IReadOnlyDictionary<string, OnUnrepresentable> ReadColumns(uint oid, bool isHidden)
    {
        using var command = connection.Command(
            $"SELECT column_name, bool_or(starts_with(kind, '{LossKind.RoundedPrefix}')) FROM etlps.losses WHERE "
            + $"{OfTable} AND hidden = $3 GROUP BY column_name",
            pipeline, oid, isHidden);
        using var reader = command.ExecuteReader();
        var columns = new Dictionary<string, OnUnrepresentable>();
        while (reader.Read())
            columns.Add(reader.GetString(0), reader.GetBoolean(1) ? OnUnrepresentable.Round : OnUnrepresentable.Null);
        return columns;
    }

    /// <summary>
    /// The losses of these tables' rows that can be read, and of copies that are under way where there are none; by
    /// table, column and LSN, so many at a time.
    /// </summary>
    /// <param name="oids">The tables.</param>
    /// <param name="after">Where the part before ended; null: this is the first.</param>
    /// <param name="most">How many at most.</param>
    public LossPart Read(IEnumerable<uint> oids, LossPart? after, int most)
    {
        const string order = "(l.source_schema, l.source_table, l.column_name, coalesce(l.lsn, 0), l.rowid)";
        if (StateSchema.Version(connection) is not >= StateSchema.LossVersion) return new LossPart([], 0);
        var last = after?.Losses[^1];
        using var command = connection.Command(
            "SELECT l.source_schema, l.source_table, t.destination_schema, t.destination_table, l.column_name, l.key, "
            + "l.lsn, l.kind, l.recorded_at, l.rowid "
            + "FROM etlps.losses AS l JOIN etlps.tables AS t ON t.pipeline = l.pipeline AND t.oid = l.oid "
            + $"WHERE l.pipeline = $1 AND list_contains([{string.Join(", ", oids)}]::UINTEGER[], l.oid) "
            + "AND (NOT l.hidden OR (t.state <> 'Ready' AND t.stands_at IS NULL)) "
            + (last is null ? "" : $"AND {order} > ($2, $3, $4, $5, $6) ")
            + $"ORDER BY {order} LIMIT {most}",
            last is null
                ? [pipeline]
                : [pipeline, last.Source.Schema, last.Source.Name, last.Column, last.Lsn.Value, after!.LastRow]);
        using var reader = command.ExecuteReader();
        var losses = new List<TableLoss>();
        var row = 0L;
        while (reader.Read())
        {
            row = reader.GetInt64(9);
            losses.Add(new TableLoss(
                new TableName(reader.GetString(0), reader.GetString(1)),
                new TableName(reader.GetString(2), reader.GetString(3)),
                reader.GetString(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                reader.IsDBNull(6) ? Lsn.Zero : new Lsn(reader.GetFieldValue<ulong>(6)),
                reader.GetString(7),
                reader.GetFieldValue<DateTimeOffset>(8)));
        }
        return new LossPart(losses, row);
    }

    private bool HasAny(uint oid) =>
        connection.Scalar($"SELECT 1 FROM etlps.losses WHERE {OfTable} LIMIT 1", pipeline, oid) is not null;

    // Rows that were copied twice, under two snapshots, were lost once.
    private void KeepLast(uint oid) => connection.Execute(
        $"DELETE FROM etlps.losses WHERE {OfTable} AND hidden AND rowid NOT IN (SELECT max(rowid) FROM etlps.losses "
        + $"WHERE {OfTable} AND hidden GROUP BY column_name, key)",
        pipeline, oid);
}
