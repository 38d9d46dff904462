using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Rows with unchanged TOAST values, which Postgres does not send again: the values are taken from the destination's
/// row of the old key, before that row is deleted; where it has no such row, from the source.
/// </summary>
internal sealed class RowFiller(
    DuckDBConnection connection, TableSchema schema, TableName target, TupleWriter writer, IBaseRows source,
    FetchStore fetches, LossLog losses)
{
    private readonly TupleFields _fields = new(schema.Columns.Count);
    private readonly TupleFields _holder = new(schema.Columns.Count);
    private readonly KeyFields _key = new(schema);
    private readonly bool[] _hasHoles = new bool[schema.Columns.Count];
    private StagingTable? _holes;
    private StagingTable? _filled;
    private StagingTable? _fetched;
    private bool _hasFilled;
    private bool _changesKeys;
    private Lsn? _fetchedAt;
    private bool _mayBeAhead;

    // Not the rowid, which a column of that name would hide.
    private readonly string _base = $"t.{TableName.Quote(schema.Columns[schema.KeyColumns[0]].DestinationName)}";

    /// <summary>Completes the batch's rows that have holes; they wait until <see cref="AppendFilledRows"/>.</summary>
    /// <param name="net">The batch's changes to the table.</param>
    /// <param name="position">What is stored already.</param>
    public void Fill(NetChanges net, Lsn position)
    {
        Array.Clear(_hasHoles);
        _changesKeys = false;
        var rows = StageRowsWithHoles(net);
        if (rows == 0) return;
        _fetchedAt ??= fetches.Read(schema.Oid);
        _mayBeAhead = position < _fetchedAt;
        var filled = connection.Execute(
            $"INSERT INTO {_filled!.Quoted} SELECT {Columns()} FROM {_holes!.Quoted} AS h " +
            $"LEFT JOIN {target.Quoted} AS t ON {KeyMatch()} WHERE NOT h.missing OR {_base} IS NOT NULL");
        if (filled != rows) FillFromSource();
        if (_changesKeys) TellLossesOfNewKeys();
        _holes.Clear();
        _hasFilled = true;
    }

    public void AppendFilledRows()
    {
        if (!_hasFilled) return;
        connection.Execute($"INSERT INTO {target.Quoted} SELECT * FROM {_filled!.Quoted}");
        _filled.Clear();
        _hasFilled = false;
    }

    /// <summary>
    /// A row that is not at the source any more either is left out: its deletion, or its next key, is still to come.
    /// </summary>
    private void FillFromSource()
    {
        _fetched ??= new StagingTable(
            connection, $"etlps_fetched_{schema.Oid}",
            schema.Columns.Select((_, i) => ($"c{i}", writer.DuckDbType(i))));
        using (var appender = _fetched.AppendWhole())
        {
            // Of the fetched rows only what others lack is taken.
            _fetchedAt = source.Fetch(
                schema, ReadKeysWithoutBase(), appender, new CopyLosses(schema, losses, _hasHoles));
            appender.Close();
            fetches.Save(schema.Oid, _fetchedAt.Value);
        }
        var match = string.Join(" AND ", schema.KeyColumns.Select(c => $"f.c{c} = h.c{c}"));
        var columns = string.Join(
            ", ", schema.Columns.Select((_, i) => $"CASE WHEN h.h{i} THEN f.c{i} ELSE h.c{i} END"));
        connection.Execute(
            $"INSERT INTO {_filled!.Quoted} SELECT {columns} FROM {_holes!.Quoted} AS h JOIN {_fetched.Quoted} AS f ON "
            + $"{match} LEFT JOIN {target.Quoted} AS t ON {KeyMatch()} WHERE h.missing AND {_base} IS NULL");
        _fetched.Clear();
    }

    /// <summary>What was lost of values that are not sent again was told under the earlier key.</summary>
    private void TellLossesOfNewKeys() => losses.CarryOver(
        $"{_holes!.Quoted} AS h JOIN {target.Quoted} AS t ON {KeyMatch()}",
        i => $"h.k{i}",
        i => $"h.c{schema.KeyColumns[i]}",
        [
            .. Enumerable.Range(0, schema.Columns.Count).Where(c => _hasHoles[c])
                .Select(c => (c, $"h.h{c}", $"t.{TableName.Quote(schema.Columns[c].DestinationName)}")),
        ]);

    private List<string[]> ReadKeysWithoutBase()
    {
        var texts = schema.KeyColumns.Select(c => writer.PostgresText(c, $"h.c{c}"));
        using var command = connection.Command(
            $"SELECT {string.Join(", ", texts)} FROM {_holes!.Quoted} AS h LEFT JOIN {target.Quoted} AS t ON "
            + $"{KeyMatch()} WHERE h.missing AND {_base} IS NULL");
        using var reader = command.ExecuteReader();
        var keys = new List<string[]>();
        while (reader.Read()) keys.Add([.. schema.KeyColumns.Select((_, i) => reader.GetString(i))]);
        return keys;
    }

    private long StageRowsWithHoles(NetChanges net)
    {
        RowAppender? appender = null;
        try
        {
            foreach (ref readonly var change in net.Keys)
            {
                if (change.Image == RowImage.None) continue;
                var image = net.Image(change.Image);
                if (image.IsWhole) continue;
                appender ??= BeginStaging();
                _changesKeys |= StageRow(net, image, appender) && image.Base != RowImage.AtSource
                    && !net.Keys[image.Base].Key.Equals(change.Key);
            }
            appender?.Close();
            return appender?.Rows ?? 0;
        }
        finally
        {
            appender?.Dispose();
        }
    }

    private RowAppender BeginStaging()
    {
        if (_holes is null || _filled is null)
        {
            var values = schema.Columns.Select((_, i) => ($"c{i}", writer.DuckDbType(i))).ToList();
            var keys = schema.KeyColumns.Select((c, i) => ($"k{i}", writer.DuckDbType(c)));
            var holes = schema.Columns.Select((_, i) => ($"h{i}", "BOOLEAN"));
            _filled = new StagingTable(connection, $"etlps_filled_{schema.Oid}", values);
            _holes = new StagingTable(
                connection, $"etlps_holes_{schema.Oid}", [.. values, .. keys, .. holes, ("missing", "BOOLEAN")]);
        }
        return _holes.Append();
    }

    /// <summary>
    /// Columns of the staging table: the values, the key of the destination's row, a hole flag for each value, and
    /// whether any is set, which is returned too.
    /// </summary>
    private bool StageRow(NetChanges net, RowImage image, RowAppender target)
    {
        var row = target.BeginRow();
        var firstKey = schema.Columns.Count;
        var firstHole = firstKey + schema.KeyColumns.Count;
        var holders = net.Holders(image);
        var hasHoles = false;
        var walked = ValueHolders.Own;
        _fields.Read(image.Tuple.Span);
        for (var column = 0; column < schema.Columns.Count; column++)
        {
            var holder = holders[column];
            var isHole = holder == ValueHolders.Destination;
            target[firstHole + column].Set(row, isHole);
            hasHoles |= isHole;
            _hasHoles[column] |= isHole;
            if (isHole)
            {
                target[column].SetNull(row);
                continue;
            }
            var fields = holder == ValueHolders.Own ? _fields : _holder;
            var tuple = (holder == ValueHolders.Own ? image : net.Image(holder)).Tuple.Span;
            if (holder != ValueHolders.Own && holder != walked) _holder.Read(tuple);
            if (holder != ValueHolders.Own) walked = holder;
            writer.Write(column, fields.Kind(column), fields.Value(tuple, column), target[column], row,
                image.Tuple.Span, _fields, losses);
        }
        target[firstHole + schema.Columns.Count].Set(row, hasHoles);
        // Without a key no row of the destination matches: what it has under the key may be of another time.
        if (hasHoles && image.Base != RowImage.AtSource)
            _key.Write(net.Keys[image.Base].Key, net, writer, target, firstKey, row);
        else for (var i = firstKey; i < firstHole; i++) target[i].SetNull(row);
        return hasHoles;
    }

    private string Columns() => string.Join(
        ", ", schema.Columns.Select(
            (c, i) => $"CASE WHEN h.h{i} THEN t.{TableName.Quote(c.DestinationName)} ELSE h.c{i} END"));

    // Rows that were fetched are as the source had them then: what the stream has yet to tell of their keys must not be
    // put on them once more. Until it has come by, whatever it leaves out is fetched again.
    private string KeyMatch() => _mayBeAhead ? "FALSE" : string.Join(
        " AND ", schema.KeyColumns.Select(
            (c, i) => $"t.{TableName.Quote(schema.Columns[c].DestinationName)} = h.k{i}"));
}
