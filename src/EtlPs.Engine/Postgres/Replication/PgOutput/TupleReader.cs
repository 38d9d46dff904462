namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>Walks the columns of one tuple.</summary>
internal ref struct TupleReader
{
    private PgOutputReader _reader;
    private int _left;

    /// <summary>Starts before the first column.</summary>
    /// <param name="tuple">Tuple data from its column count on; empty counts as no columns.</param>
    public TupleReader(ReadOnlySpan<byte> tuple)
    {
        _reader = PgOutputReader.Open(tuple);
        ColumnCount = tuple.IsEmpty ? 0 : _reader.ReadInt16();
        if (ColumnCount < 0)
            throw PgOutputReader.Violation("a row has a negative number of columns");
        _left = ColumnCount;
    }

    public int ColumnCount { get; }

    /// <summary>How the current column is sent.</summary>
    public TupleField Kind { get; private set; }

    /// <summary>The current column's bytes; empty for NULL and for an unchanged one.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next column; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_left == 0)
            return false;
        _left--;
        Kind = (TupleField)_reader.ReadByte();
        Value = Kind switch
        {
            TupleField.Text or TupleField.Binary => _reader.Take(_reader.ReadInt32()),
            TupleField.Null or TupleField.Unchanged => default,
            _ => throw PgOutputReader.Violation("a column is of an unknown kind"),
        };
        return true;
    }
}
