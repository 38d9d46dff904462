using DuckDB.NET.Data;
using DuckDB.NET.Native;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using DuckDBAppender = DuckDB.NET.Native.DuckDBAppender;
using Native = DuckDB.NET.Native.NativeMethods;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Appends to a table chunk by chunk: one native appender and one data chunk that is filled again and again. Only for
/// use inside the caller's explicit transaction, since an appender outside of one commits by itself.
/// </summary>
internal sealed class TableAppender : IDisposable
{
    // Rows wait in memory that DuckDB's memory_limit does not count, up to 204,800 of them whatever their size; a few
    // megabytes at a time are also stored faster, since they are still in the cache when they are compressed.
    private const long FlushBytes = 8 * 1024 * 1024;

    // What values take that codecs make: 2,048 numerics of 131,072 digits each would be 268 MB.
    private const long ChunkBytes = 8 * 1024 * 1024;

    private readonly DuckDBAppender _appender;
    private readonly DuckDBDataChunk _chunk;
    private readonly ValueArena _arena = new();
    private readonly ColumnVector[] _columns;
    private readonly string _table;
    private long _unflushedBytes;
    private bool _closed;

    /// <summary>Opens the table for appending; <paramref name="catalog"/> null is the connection's own.</summary>
    public TableAppender(DuckDBConnection connection, string? catalog, string schema, string table)
    {
        _table = new TableName(schema, table).ToString();
        var state = Native.Appender.DuckDBAppenderCreateExt(
            connection.NativeConnection, catalog!, schema, table, out _appender);
        if (state != DuckDBState.Success)
        {
            var error = Failure();
            _closed = true;
            _appender.Dispose();
            throw error;
        }

        var types = new DuckDBLogicalType[(int)Native.Appender.DuckDBAppenderColumnCount(_appender)];
        try
        {
            // The appender's own types, aliases like JSON included: then no chunk goes through a cast.
            for (var i = 0; i < types.Length; i++)
                types[i] = Native.Appender.DuckDBAppenderColumnType(_appender, (ulong)i);
            _chunk = Native.DataChunks.DuckDBCreateDataChunk(
                Array.ConvertAll(types, type => type.DangerousGetHandle()), (ulong)types.Length);
        }
        finally
        {
            foreach (var type in types)
                type?.Dispose();
        }

        RowCapacity = (int)Native.Helpers.DuckDBVectorSize();
        _columns = new ColumnVector[types.Length];
        for (var i = 0; i < types.Length; i++)
            _columns[i] = new ColumnVector(Native.DataChunks.DuckDBDataChunkGetVector(_chunk, i), RowCapacity, _arena);
    }

    /// <summary>Rows of one chunk: DuckDB's vector size.</summary>
    public int RowCapacity { get; }

    /// <summary>Whether the chunk should be appended, however few rows it has: its values take much memory.</summary>
    public bool IsFull => _arena.TakenBytes > ChunkBytes;

    /// <summary>The table's number of columns.</summary>
    public int ColumnCount => _columns.Length;

    /// <summary>A column of the chunk that is being filled.</summary>
    public ColumnVector this[int column] => _columns[column];

    /// <summary>
    /// Appends the first <paramref name="rows"/> rows, which are copied before this returns, and makes the chunk empty.
    /// </summary>
    public void AppendChunk(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)rows, (uint)RowCapacity, nameof(rows));
        ObjectDisposedException.ThrowIf(_closed, this);
        if (rows > 0)
        {
            foreach (var column in _columns)
                _unflushedBytes += column.Seal(rows);
            Native.DataChunks.DuckDBDataChunkSetSize(_chunk, (ulong)rows);
            if (Native.Appender.DuckDBAppendDataChunk(_appender, _chunk) != DuckDBState.Success)
                throw Failure();
            if (_unflushedBytes > FlushBytes)
                Flush();
        }

        foreach (var column in _columns)
            column.Clear();
        _arena.Reset();
    }

    /// <summary>Hands all appended rows to the transaction; nothing can be appended afterwards.</summary>
    public void Close()
    {
        if (_closed)
            return;
        Flush();
        _closed = true;
    }

    /// <summary>
    /// Frees the native memory; rows that were not flushed are dropped unless <see cref="Close"/> came first.
    /// </summary>
    public void Dispose()
    {
        // Destroying an appender flushes it, which after a rollback would commit the rest of the rows by itself.
        if (!_closed)
            _ = Native.Appender.DuckDBAppenderClear(_appender);
        _closed = true;
        _chunk.Dispose();
        _appender.Dispose();
    }

    private void Flush()
    {
        if (Native.Appender.DuckDBAppenderFlush(_appender) != DuckDBState.Success)
            throw Failure();
        _unflushedBytes = 0;
    }

    private EtlException Failure()
    {
        using var error = Native.Appender.DuckDBAppenderErrorData(_appender);
        return DuckDbErrors.Translate(new InvalidOperationException(error.Message), _table);
    }
}
