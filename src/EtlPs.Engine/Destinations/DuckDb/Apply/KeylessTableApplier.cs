using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Tables without a key, under REPLICA IDENTITY FULL: rows are a multiset, and exactly as many of several equal rows go
/// as the source deleted.
/// </summary>
/// <param name="connection">The run's.</param>
/// <param name="table">The table.</param>
/// <param name="target">The name of its rows now.</param>
/// <param name="arena">For what a batch needs besides its messages.</param>
/// <param name="losses">Takes note of values that are not written as they are.</param>
/// <param name="lostColumns">What rows have in place of values, Null or Round, by column, whatever is to become of such
/// values now.</param>
internal sealed class KeylessTableApplier(
    DuckDBConnection connection, StreamedTable table, TableName target, PinnedArena arena, LossLog losses,
    IReadOnlyDictionary<string, OnUnrepresentable> lostColumns)
    : TableApplier(connection, table, target, losses)
{
    // Rows that go are looked for as they were written.
    private readonly TupleWriter _goneWriter = new(table.Schema with
    {
        Columns = [.. table.Schema.Columns.Select(c => lostColumns.TryGetValue(c.Name, out var instead)
            ? c with { Carriage = c.Carriage with { OnUnrepresentable = instead } }
            : c)],
    });

    private readonly bool _hasAllRows = table.HasAllRows;
    private readonly NetRows _net = new(table.Schema, arena);
    private StagingTable? _gone;

    public override long RetainedBytes => _net.RetainedBytes;

    public override void Release() => _net.Release();

    protected override void AddInsert(RowTuple row) => _net.Insert(row);

    protected override void AddUpdate(RowTuple old, bool oldIsWhole, RowTuple row) => _net.Update(old, row);

    protected override void AddDelete(RowTuple old, bool oldIsWhole) => _net.Delete(old);

    protected override void AddTruncate() => _net.Truncate();

    protected override void Store(Lsn position)
    {
        if (_net.IsEmpty) return;
        if (_net.Truncates) Connection.Execute($"TRUNCATE {Target.Quoted}");
        if (_net.Counts.Values.Any(count => count < 0)) DeleteGoneRows();
        if (_net.Counts.Values.Any(count => count > 0))
        {
            using var appender = new RowAppender(Connection, null, Target.Schema, Target.Name);
            Append(appender, sign: 1);
            appender.Close();
        }
        _net.Clear();
    }

    private void DeleteGoneRows()
    {
        _gone ??= new StagingTable(
            Connection, $"etlps_gone_{Schema.Oid}", Schema.Columns.Select((_, i) => ($"c{i}", Writer.DuckDbType(i))));
        using (var appender = _gone.Append())
        {
            Append(appender, sign: -1);
            appender.Close();
        }
        var gone = string.Join(", ", Schema.Columns.Select((_, i) => $"{Exactly($"c{i}", i)} AS e{i}"));
        var here = string.Join(
            ", ", Schema.Columns.Select((c, i) => $"{Exactly($"t.{TableName.Quote(c.DestinationName)}", i)} AS e{i}"));
        var columns = string.Join(", ", Schema.Columns.Select((_, i) => $"g.e{i}"));
        var match = string.Join(" AND ", Schema.Columns.Select((_, i) => $"r.e{i} IS NOT DISTINCT FROM g.e{i}"));
        var deleted = Connection.Execute($"""
            DELETE FROM {Target.Quoted} WHERE rowid IN (
              WITH g AS (SELECT {gone}, count(*) AS n FROM {_gone.Quoted} GROUP BY ALL),
                   r AS (SELECT t.rowid AS id, {here} FROM {Target.Quoted} AS t),
                   m AS (SELECT r.id, g.n, row_number() OVER (PARTITION BY {columns}) AS ordinal FROM r
                       JOIN g ON {match})
              SELECT id FROM m WHERE ordinal <= n)
            """);
        if (_hasAllRows && deleted != _net.Counts.Values.Where(count => count < 0).Sum(count => -(long)count))
            throw LostRow.Error(Schema);
        _gone.Clear();
    }

    // A month equals thirty days; which of them a row has only the text tells.
    private string Exactly(string column, int index) =>
        Writer.DuckDbType(index).Contains("INTERVAL", StringComparison.Ordinal) ? $"{column}::VARCHAR" : column;

    private void Append(RowAppender appender, int sign)
    {
        foreach (var (row, count) in _net.Counts)
        {
            if (count == 0) continue;
            Fields.Read(row.Bytes.Span);
            for (var i = 0; i < count * sign; i++)
                if (sign > 0) Writer.WriteRow(row.Bytes.Span, Fields, appender, Losses);
                else _goneWriter.WriteRow(row.Bytes.Span, Fields, appender, losses: null);
        }
    }
}
