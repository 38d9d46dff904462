using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Tables with a key: fill what the server did not send again, delete by old key, append the new rows. Deleting first
/// and appending after, without an index, is several times faster in DuckDB than an upsert.
/// </summary>
internal sealed class KeyedTableApplier : TableApplier
{
    private readonly NetChanges _net;
    private readonly RowFiller _filler;
    private readonly string _keyColumns;
    private readonly string _keyMatch;
    private readonly StreamedTable _table;
    private StagingTable? _keys;

    public KeyedTableApplier(
        DuckDBConnection connection, StreamedTable table, TableName target, PinnedArena arena, IBaseRows source,
        FetchStore fetches,
        LossLog losses)
        : base(connection, table, target, losses)
    {
        _table = table;
        _net = new NetChanges(table.Schema, arena);
        _filler = new RowFiller(connection, table.Schema, target, Writer, source, fetches, losses);
        _keyColumns = string.Join(
            ", ", Schema.KeyColumns.Select(c => TableName.Quote(Schema.Columns[c].DestinationName)));
        _keyMatch = string.Join(
            " AND ", Schema.KeyColumns.Select(
                (c, i) => $"t.{TableName.Quote(Schema.Columns[c].DestinationName)} = k.k{i}"));
    }

    public override long RetainedBytes => _net.RetainedBytes;

    public override void Release() => _net.Release();

    protected override void AddInsert(RowTuple row) => _net.Insert(row);

    protected override void AddUpdate(RowTuple old, bool oldIsWhole, RowTuple row) => _net.Update(old, oldIsWhole, row);

    protected override void AddDelete(RowTuple old, bool oldIsWhole) => _net.Delete(old, oldIsWhole);

    protected override void AddTruncate() => _net.Truncate();

    protected override void Store(Lsn position)
    {
        if (_net.IsEmpty) return;
        if (_net.Truncates) Connection.Execute($"TRUNCATE {Target.Quoted}");
        _filler.Fill(_net, position);
        DeleteOldRows(replays: _table.IsReplayedAt(position));
        AppendWholeRows();
        _filler.AppendFilledRows();
        _net.Clear();
    }

    /// <param name="replays">
    /// Whether the copy may have any row twice, or rows that are still to come: then all rows of all keys that were
    /// touched go, and how many they are tells nothing.
    /// </param>
    private void DeleteOldRows(bool replays)
    {
        var staged = StageOldKeys(replays);
        if (staged == 0) return;
        // Of rows that were never copied none goes, so that the number of deleted rows alone does not tell.
        if (!replays && _net.HasWholeOldRows
            && Connection.Scalar(
                $"SELECT 1 FROM {Target.Quoted} WHERE ({_keyColumns}) IN (SELECT {StagedKeys} FROM {_keys!.Quoted}) "
                + $"GROUP BY {_keyColumns} HAVING count(*) > 1 LIMIT 1") is not null)
            throw LostKey.Error(Schema);
        // Faster than WHERE … IN (SELECT …), the more so the larger the table; a key's columns are never NULL.
        var deleted = Connection.Execute(
            $"DELETE FROM {Target.Quoted} AS t USING {_keys!.Quoted} AS k WHERE {_keyMatch}");
        if (!replays && deleted > staged) throw LostKey.Error(Schema);
        _keys.Clear();
    }

    private long StageOldKeys(bool all)
    {
        var any = all;
        foreach (ref readonly var change in _net.Keys) any |= change.Deletes;
        if (!any) return 0;

        _keys ??= new StagingTable(Connection, $"etlps_keys_{Schema.Oid}", KeyColumns());
        using var appender = _keys.Append();
        var key = new KeyFields(Schema);
        foreach (ref readonly var change in _net.Keys)
        {
            if (!all && !change.Deletes) continue;
            var row = appender.BeginRow();
            key.Write(change.Key, _net, Writer, appender, 0, row);
        }
        appender.Close();
        return appender.Rows;
    }

    private void AppendWholeRows()
    {
        RowAppender? appender = null;
        try
        {
            foreach (ref readonly var change in _net.Keys)
            {
                if (change.Image == RowImage.None) continue;
                var image = _net.Image(change.Image);
                if (!image.IsWhole) continue;
                Fields.Read(image.Tuple.Span);
                appender ??= new RowAppender(Connection, null, Target.Schema, Target.Name);
                Writer.WriteRow(image.Tuple.Span, Fields, appender, Losses);
            }
            appender?.Close();
        }
        finally
        {
            appender?.Dispose();
        }
    }

    private string StagedKeys => string.Join(", ", Schema.KeyColumns.Select((_, i) => $"k{i}"));

    private IEnumerable<(string Name, string Type)> KeyColumns() =>
        Schema.KeyColumns.Select((c, i) => ($"k{i}", Writer.DuckDbType(c)));
}
