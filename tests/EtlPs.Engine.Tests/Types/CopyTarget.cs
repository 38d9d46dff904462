using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Types;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// A DuckDB table with the columns of a Postgres query, and an appender on it in an open transaction.
/// </summary>
internal sealed class CopyTarget : IDisposable
{
    private readonly DuckDBConnection _connection = new("Data Source=:memory:");

    public CopyTarget(params PostgresType[] types)
    {
        Columns = [.. types.Select((type, i) => new ColumnSchema((short)(i + 1), $"c{i}", type, false))];
        Codecs =
            [.. types.Select(type => CodecCatalog.Find(type) ?? throw new NotSupportedException(type.DisplayName))];
        _connection.Open();
        Execute($"CREATE TABLE t ({string.Join(", ", Codecs.Select((codec, i) => $"c{i} {codec.DuckDbType}"))})");
        Appender = Begin();
    }

    public IReadOnlyList<ColumnSchema> Columns { get; }

    public IReadOnlyList<ColumnCodec> Codecs { get; }

    public TableSchema Schema => new(1, new TableName("public", "t"), Columns, [], ReplicaIdentity.Full);

    public TableAppender Appender { get; private set; }

    public static async Task<PostgresType[]> DescribeAsync(NpgsqlConnection connection, string table)
    {
        var columns = await connection.ReadAsync(
            """
            SELECT atttypid, atttypmod, attndims::int4, format_type(atttypid, atttypmod) FROM pg_attribute
             WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum
            """,
            r => (Oid: r.GetFieldValue<uint>(0), Modifier: r.GetInt32(1), Dimensions: r.GetInt32(2),
                Name: r.GetString(3)),
            TestContext.Current.CancellationToken,
            table);
        var types = await TypeCatalog.ReadAsync(
            connection, columns.Select(c => c.Oid), TestContext.Current.CancellationToken);
        return [.. columns.Select(c => types.Describe(c.Oid, c.Modifier, c.Dimensions, c.Name))];
    }

    /// <summary>The raw COPY BINARY bytes of a query, in pinned memory.</summary>
    public static async Task<byte[]> CopyAsync(NpgsqlConnection connection, string query)
    {
        using var bytes = new MemoryStream();
        await using (var copy = await connection.BeginRawBinaryCopyAsync($"COPY ({query}) TO STDOUT (FORMAT BINARY)"))
            await copy.CopyToAsync(bytes);
        return Pinned(bytes.ToArray());
    }

    public static byte[] Pinned(ReadOnlySpan<byte> bytes)
    {
        var pinned = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        return pinned;
    }

    public void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Commit()
    {
        Appender.Close();
        Execute("COMMIT");
    }

    /// <summary>
    /// Makes the table empty after a commit, and begins anew: another database would take longer than the rows do.
    /// </summary>
    public void Renew()
    {
        Appender.Dispose();
        Execute("TRUNCATE t");
        Appender = Begin();
    }

    /// <summary>A query's rows, each as its values' text; NULL is null.</summary>
    public List<string?[]> Query(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string?[]>();
        while (reader.Read())
        {
            var row = new string?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
                row[i] = reader.IsDBNull(i) ? null : Convert.ToString(reader.GetValue(i), null);
            rows.Add(row);
        }

        return rows;
    }

    public string? Scalar(string sql) => Query(sql)[0][0];

    public void Dispose()
    {
        Appender.Dispose();
        _connection.Dispose();
    }

    private TableAppender Begin()
    {
        Execute("BEGIN");
        return new TableAppender(_connection, null, "main", "t");
    }
}
