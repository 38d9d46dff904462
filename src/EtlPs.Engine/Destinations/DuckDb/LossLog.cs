using System.Text;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Writes the losses of one table as they come, in the transaction that writes what takes their place. They pass
/// through a temporary table with the keys as DuckDB's own values, so that a key is told the same way whatever form it
/// came in. Costs nothing before the first one.
/// </summary>
/// <param name="connection">The transaction's connection.</param>
/// <param name="pipeline">The pipeline.</param>
/// <param name="table">The table.</param>
/// <param name="isHidden">Whether its rows are under its hidden name.</param>
/// <param name="lsn">What they are as of; null: the caller says when the transaction ends.</param>
/// <param name="replaces">Whether a line takes the place of an earlier one of the same column and key: it is the same
/// loss.</param>
internal sealed class LossLog(
    DuckDBConnection connection, string pipeline, TableSchema table, bool isHidden, Lsn? lsn, bool replaces)
    : IDisposable
{
    private const int FirstKey = 3;

    private readonly ColumnCodec[] _keys = ColumnCodecs.Of(table.KeyColumns.Select(c => table.Columns[c]));
    private StagingTable? _staged;
    private RowAppender? _appender;
    private int _row;

    /// <summary>Begins a line, which <see cref="AddKey"/> completes with each of the key's values.</summary>
    /// <param name="column">Which of the table's columns.</param>
    /// <param name="kind">The kind of value, never the value.</param>
    public void Add(int column, string kind)
    {
        _appender ??= Stage().Append();
        _row = _appender.BeginRow();
        Text(0, table.Columns[column].Name);
        Text(1, kind);
        _appender[2].Set(_row, (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }

    /// <param name="ordinal">Which of the key's columns.</param>
    /// <param name="isText">Whether the value is in its text form, or in its binary one.</param>
    /// <param name="wire">The value of the line's row.</param>
    public void AddKey(int ordinal, bool isText, ReadOnlySpan<byte> wire)
    {
        var vector = _appender![FirstKey + ordinal];
        // The line waits longer than the bytes that it is made of.
        var kept = vector.Allocate(wire.Length);
        wire.CopyTo(kept);
        try
        {
            if (isText) _keys[ordinal].ReadText(kept, vector, _row);
            else _keys[ordinal].ReadBinary(kept, vector, _row);
        }
        catch (UnrepresentableValueException)
        {
            // The row itself fails by its key, and its losses with it.
            vector.SetNull(_row);
        }
    }

    /// <summary>Tells what was lost of rows once more, for the keys that they have from now on.</summary>
    /// <param name="rows">SQL: what stands behind FROM.</param>
    /// <param name="earlier">SQL for each value of the key that a row had.</param>
    /// <param name="next">The same of the key that it has from now on.</param>
    /// <param name="columns">Those that may be concerned, with SQL for whether a row takes its value along, and for
    /// that value.</param>
    public void CarryOver(
        string rows, Func<int, string> earlier, Func<int, string> next, IReadOnlyList<(int Column, string IsTaken,
            string Value)> columns)
    {
        // Nearly always: then nothing is staged, and no table is scanned.
        if (connection.Scalar(
            "SELECT 1 FROM etlps.losses WHERE pipeline = $1 AND oid = $2 AND hidden = $3 LIMIT 1", pipeline, table.Oid,
            isHidden) is null)
            return;
        // A value that is not sent again is not NULL at the source. Of a rounded one only the line tells.
        var isLost = columns.Select((c, i) =>
            $"(l.column_name = ${i + 4} AND {c.IsTaken} AND ({c.Value} IS NULL OR starts_with(l.kind, "
            + $"'{LossKind.RoundedPrefix}')))");
        connection.Execute(
            $"INSERT INTO {Stage().Quoted} SELECT l.column_name, l.kind, now(), "
            + $"{string.Join(", ", _keys.Select((_, i) => next(i)))} FROM {rows} JOIN etlps.losses AS l ON l.key = "
            + $"{Key(earlier)} WHERE l.pipeline = $1 AND l.oid = $2 AND l.hidden = $3 AND "
            + $"({string.Join(" OR ", isLost)})",
            [pipeline, table.Oid, isHidden, .. columns.Select(c => table.Columns[c.Column].Name)]);
    }

    /// <summary>Hands all losses to the transaction; returns whether there were any.</summary>
    public bool Close()
    {
        if (_staged is null) return false;
        _appender?.Close();
        var key = Key(i => $"k{i}");
        if (replaces)
            connection.Execute(
                "DELETE FROM etlps.losses WHERE pipeline = $1 AND oid = $2 AND hidden = $3 "
                + $"AND (column_name, key) IN (SELECT column_name, {key} FROM {_staged.Quoted})",
                pipeline, table.Oid, isHidden);
        // A row that was fetched for its other columns' sake may tell a loss once more.
        connection.Execute(
            "INSERT INTO etlps.losses SELECT $1, $2, $3, $4, $5, column_name, key, $6, arg_max(kind, line), "
            + $"max(recorded_at) FROM (SELECT column_name, {key} AS key, kind, recorded_at, rowid AS line FROM "
            + $"{_staged.Quoted}) GROUP BY column_name, key{(replaces ? "" : ", line")} ORDER BY max(line)",
            pipeline, table.Oid, isHidden, table.Name.Schema, table.Name.Name, lsn?.Value);
        _staged.Clear();
        Dispose();
        return true;
    }

    /// <summary>Forgets what was not handed over; the temporary table may be gone with its transaction.</summary>
    public void Dispose()
    {
        _appender?.Dispose();
        _appender = null;
        _staged = null;
    }

    private StagingTable Stage() => _staged ??= new StagingTable(connection, $"etlps_lost_{table.Oid}",
        [
            ("column_name", "VARCHAR"), ("kind", "VARCHAR"), ("recorded_at", "TIMESTAMPTZ"),
            .. _keys.Select((codec, i) => ($"k{i}", codec.DuckDbType)),
        ]);

    private string Key(Func<int, string> value) => KeyText.Of(table, [.. _keys.Select(k => k.DuckDbType)], value);

    private void Text(int column, string text)
    {
        var bytes = _appender![column].Allocate(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, bytes);
        _appender[column].SetBytes(_row, bytes);
    }
}
