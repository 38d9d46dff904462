using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Writes the values of pgoutput tuples of one table into column vectors, through the table's codecs.
/// </summary>
internal sealed class TupleWriter
{
    private readonly TableSchema _table;
    private readonly ColumnCodec[] _codecs;
    private readonly OnUnrepresentable[] _choices;

    public TupleWriter(TableSchema table)
    {
        _table = table;
        _codecs = ColumnCodecs.Of(table.Columns);
        _choices = [.. table.Columns.Select(c => c.Carriage.OnUnrepresentable)];
    }

    /// <summary>The destination's type of a column.</summary>
    public string DuckDbType(int column) => _codecs[column].DuckDbType;

    /// <summary>DuckDB's SQL for the text of a column's value that Postgres reads.</summary>
    public string PostgresText(int column, string value) => _codecs[column].PostgresText(value);

    /// <summary>Writes every column of a row whose values are all there.</summary>
    /// <param name="tuple">The row.</param>
    /// <param name="fields">Where its values are.</param>
    /// <param name="target">Takes it.</param>
    /// <param name="losses">Takes note of values that are not written as they are; null: the row is only looked
    /// for.</param>
    public void WriteRow(ReadOnlySpan<byte> tuple, TupleFields fields, RowAppender target, LossLog? losses)
    {
        var row = target.BeginRow();
        for (var column = 0; column < _codecs.Length; column++)
            Write(column, fields.Kind(column), fields.Value(tuple, column), target[column], row, tuple, fields, losses);
    }

    /// <summary>Writes one value.</summary>
    /// <exception cref="TableFailedException">DuckDB's type cannot hold it.</exception>
    public void Write(
        int column, byte kind, ReadOnlySpan<byte> value, ColumnVector vector, int row,
        ReadOnlySpan<byte> keyTuple = default, TupleFields? keyFields = null, LossLog? losses = null)
    {
        var becomesNull = _choices[column] == OnUnrepresentable.Null;
        vector.OnUnrepresentable = _choices[column];
        try
        {
            WriteExact(column, kind, value, vector, row);
        }
        catch (UnrepresentableValueException e) when (becomesNull && e.IsOfTheValue)
        {
            vector.Lose(e.Reason);
        }
        catch (UnrepresentableValueException e)
        {
            throw Unrepresentable(column, e, keyFields is null ? "" : KeyDescription.Of(_table, keyTuple, keyFields));
        }
        if (vector.TakeLoss() is not { } loss) return;
        if (becomesNull) vector.SetNull(row);
        if (losses is not null) Tell(losses, column, loss, keyTuple, keyFields!);
    }

    private void Tell(LossLog losses, int column, string kind, ReadOnlySpan<byte> tuple, TupleFields fields)
    {
        losses.Add(column, kind);
        for (var i = 0; i < _table.KeyColumns.Count; i++)
            losses.AddKey(
                i, fields.Kind(_table.KeyColumns[i]) == TupleFields.Text, fields.Value(tuple, _table.KeyColumns[i]));
    }

    /// <summary>Writes one value, in place of which there is to be no other.</summary>
    /// <exception cref="UnrepresentableValueException">DuckDB's type cannot hold it.</exception>
    public void WriteExact(int column, byte kind, ReadOnlySpan<byte> value, ColumnVector vector, int row)
    {
        switch (kind)
        {
            case TupleFields.Null: vector.SetNull(row); break;
            case TupleFields.Binary: _codecs[column].ReadBinary(value, vector, row); break;
            case TupleFields.Text: _codecs[column].ReadText(value, vector, row); break;
            default: throw new InvalidOperationException("A value that was not sent cannot be written.");
        }
    }

    /// <summary>The table's error for a value that DuckDB's type cannot hold.</summary>
    /// <param name="key">The row's key in words, or empty.</param>
    public TableFailedException Unrepresentable(int column, UnrepresentableValueException e, string key) =>
        new(_table.Oid, _table.Name, UnrepresentableValue.Error(_table, column, key, e.Reason));
}
