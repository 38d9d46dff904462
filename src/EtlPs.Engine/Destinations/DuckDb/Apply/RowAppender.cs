using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>A <see cref="TableAppender"/> that is filled row by row and sends each full chunk on its way.</summary>
internal sealed class RowAppender(DuckDBConnection connection, string? catalog, string schema, string table)
    : IDisposable
{
    private readonly TableAppender _appender = new(connection, catalog, schema, table);
    private int _rows;

    /// <summary>Rows begun since the start.</summary>
    public long Rows { get; private set; }

    public ColumnVector this[int column] => _appender[column];

    /// <summary>Begins a row and says where in the vectors it stands.</summary>
    public int BeginRow()
    {
        if (_rows == _appender.RowCapacity || _appender.IsFull) Flush();
        Rows++;
        return _rows++;
    }

    /// <summary>Sends what is there to the table.</summary>
    public void Close()
    {
        Flush();
        _appender.Close();
    }

    public void Dispose() => _appender.Dispose();

    private void Flush()
    {
        if (_rows > 0) _appender.AppendChunk(_rows);
        _rows = 0;
    }
}
