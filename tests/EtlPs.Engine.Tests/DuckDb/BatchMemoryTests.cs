using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Tests.Postgres;

namespace EtlPs.Engine.Tests.DuckDb;

/// <summary>What is kept from one batch to the next.</summary>
public sealed class BatchMemoryTests
{
    private const int Rows = 30_000;
    private const long Most = 33 << 20;

    private static readonly PostgresType Text = new(25, -1, "text");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Large_batches_of_many_tables_keep_no_more_memory_than_those_of_a_few(bool keyed)
    {
        using var file = DuckDbFile.Open(new DuckDbSettings(":memory:"));
        using var connection = file.Connect();
        StateSchema.Ensure(connection);
        var applier = new BatchApplier(
            connection, new StateStore(connection, "batches"), new NoBaseRows(), Lsn.Zero, new NoFaults());
        connection.Execute("CREATE SCHEMA public");

        var retained = new List<long>();
        for (var number = 1; number <= 24; number++)
        {
            var table = Table(number, keyed);
            connection.Execute($"CREATE TABLE {table.Schema.Name.Quoted} (id VARCHAR)");
            applier.Map(table, table.Schema.Name);
            applier.Apply(Batch(table, (ulong)number));
            retained.Add(applier.RetainedBytes);
        }

        // The next batch of a busy table finds its room.
        Assert.InRange(retained[0], 100_000, Most);
        Assert.All(retained, bytes => Assert.InRange(bytes, 1, Most));
        Assert.Equal((long)Rows, connection.Scalar("SELECT count(*) FROM public.t24"));
    }

    private static StreamedTable Table(int number, bool keyed) => new(
        new TableSchema(
            (uint)number, new TableName("public", $"t{number}"), [new(1, "id", Text, keyed)], keyed ? [0] : [],
            keyed ? ReplicaIdentity.Default : ReplicaIdentity.Full),
        Lsn.Zero);

    private static ChangeBatch Batch(StreamedTable table, ulong position)
    {
        var batch = new ChangeBatch();
        for (var row = 0; row < Rows; row++)
        {
            var insert = new PgOutputBytes('I').Int32((int)table.Schema.Oid).Byte('N').Int16(1)
                .Value(PgOutputBytes.TupleKind.Text, $"row {row}");
            batch.Changes.Add(new RowChange(table, batch.Arena.Add(insert.ToArray())));
        }
        batch.Commit(new Lsn(position), DateTimeOffset.UnixEpoch, hadChanges: true);
        return batch;
    }

    private sealed class NoBaseRows : IBaseRows
    {
        public Lsn Fetch(TableSchema table, IReadOnlyList<string[]> keys, TableAppender target, ICopyLosses losses) =>
            throw new InvalidOperationException("Every row is there.");
    }
}
