using DuckDB.NET.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Runs;

/// <summary>
/// A COPY's bytes, read once into memory: decoded and appended again and again, without a source and without a
/// transport.
/// </summary>
internal sealed class StoredCopy
{
    private const int BlockSize = 1 << 20;

    private readonly TableRecord _table;
    private readonly byte[] _bytes;

    private StoredCopy(TableRecord table, byte[] bytes)
    {
        _table = table;
        _bytes = bytes;
    }

    /// <summary>Reads a table's first rows.</summary>
    public static async Task<StoredCopy> ReadAsync(TestDatabase database, string table, int rows)
    {
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        await using var connection = await connector.OpenAsync(CancellationToken.None);
        TableSchema schema = (await new CatalogReader(connection).ReadTablesAsync([table], CancellationToken.None))[0];
        await using ICopySession session = await connector.OpenForCopyAsync(CancellationToken.None);
        await using ICopyReader reader = await session.CopyAsync(
            $"COPY (SELECT * FROM {table} LIMIT {rows}) TO STDOUT (FORMAT BINARY)", CancellationToken.None);
        using var bytes = new MemoryStream();
        byte[] block = new byte[BlockSize];
        while (reader.Read(block) is > 0 and var read) bytes.Write(block, 0, read);
        byte[] pinned = GC.AllocateUninitializedArray<byte>((int)bytes.Length, pinned: true);
        bytes.GetBuffer().AsSpan(0, pinned.Length).CopyTo(pinned);
        return new StoredCopy(
            new TableRecord("stored", schema, schema.Name, DuckDbTypes.Of(schema), TableState.Copying), pinned);
    }

    /// <summary>How many rows there are; known once they were stored.</summary>
    public long Rows { get; private set; }

    /// <summary>Stores the rows in a new file, and returns the processor time that it took.</summary>
    public async Task<TimeSpan> AppendAsync(string folder, long memoryLimit)
    {
        string path = Path.Combine(folder, $"{Guid.NewGuid():N}.duckdb");
        try
        {
            using DuckDbFile file = DuckDbFile.Open(new DuckDbSettings(path) { MemoryLimit = memoryLimit });
            using DuckDBConnection connection = file.Connect();
            TableDdl.CreateHiddenTable(connection, _table);
            (Rows, TimeSpan used) = await ProcessorTime.OfAsync(() => Task.Run(() => Append(connection)));
            return used;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private long Append(DuckDBConnection connection)
    {
        long rows = 0;
        connection.InTransaction(() =>
        {
            using var appender = new TableAppender(connection, null, _table.HiddenName.Schema, _table.HiddenName.Name);
            var decoder = new BinaryCopyDecoder(
                _table.Columns, ColumnCodecs.Of(_table.Columns), appender);
            for (int at = 0; !decoder.IsComplete;)
                at += decoder.Decode(_bytes.AsSpan(at, Math.Min(BlockSize, _bytes.Length - at)));
            appender.Close();
            rows = decoder.Rows;
        });
        return rows;
    }
}
