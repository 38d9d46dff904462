using System.Buffers.Binary;
using System.Text;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Benchmarks.Data;

/// <summary>
/// A destination table of four columns and so many rows, and batches of updates of it at random keys.
/// </summary>
internal sealed class KeyedTable(int rows)
{
    private const uint Oid = 1;
    private const uint Int4 = 23;
    private const uint Text = 25;

    private readonly Random _random = new(rows);

    /// <summary>The table as the source has it.</summary>
    public StreamedTable Table { get; } = new(
        new TableSchema(
            Oid,
            new TableName("public", "keyed"),
            [Column(1, "id", Int4), Column(2, "a", Int4), Column(3, "b", Int4), Column(4, "note", Text)],
            [0],
            ReplicaIdentity.Default),
        Lsn.Zero);

    /// <summary>Fills it by DuckDB's own means.</summary>
    public void Create(DuckDBConnection connection)
    {
        connection.Execute("CREATE SCHEMA public");
        connection.Execute(
            $"""
            CREATE TABLE public.keyed AS
            SELECT i::INT AS id, (i % 97)::INT AS a, 0::INT AS b, 'note number ' || i AS note FROM range({rows}) r(i)
            """);
        connection.Execute("CHECKPOINT");
    }

    /// <summary>So many updates, each of another row, as pgoutput sends them.</summary>
    public ChangeBatch Updates(int changes, ulong position)
    {
        var batch = new ChangeBatch();
        var keys = new HashSet<int>();
        while (keys.Count < changes) keys.Add(_random.Next(rows));
        foreach (int key in keys) batch.Changes.Add(new RowChange(Table, batch.Arena.Add(Update(key))));
        batch.Commit(new Lsn(position), DateTimeOffset.UnixEpoch, hadChanges: true);
        return batch;
    }

    private static byte[] Update(int key) =>
    [
        (byte)PgOutputKind.Update, .. Int(unchecked((int)Oid)), (byte)'N', 0, 4,
        .. Value(Int(key)), .. Value(Int(key % 97)), .. Value(Int(1)),
        .. Value(Encoding.ASCII.GetBytes($"changed number {key}")),
    ];

    private static byte[] Value(byte[] bytes) => [(byte)'b', .. Int(bytes.Length), .. bytes];

    private static byte[] Int(int value)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static ColumnSchema Column(short number, string name, uint type) =>
        new(number, name, new PostgresType(type, -1, type == Text ? "text" : "integer"), NotNull: number == 1);
}
