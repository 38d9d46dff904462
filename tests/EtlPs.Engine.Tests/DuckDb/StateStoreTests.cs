using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class StateStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private DuckDbFile file;
    private DuckDBConnection connection;
    private StateStore store;

    public StateStoreTests()
    {
        file = DuckDbFile.Open(new DuckDbSettings(folder["s.duckdb"]));
        connection = file.Connect();
        store = new StateStore(connection, "shop");
    }

    public void Dispose()
    {
        file.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_file_without_state_knows_no_pipeline_and_is_not_written_to()
    {
        Assert.Null(store.FindPipeline());
        Assert.Empty(store.ReadTables());
        Assert.Empty(store.ReadOtherOwners());
        Assert.False(store.HasSchema());
    }

    [Fact]
    public void A_pipeline_comes_back_as_it_was_stored_after_the_file_was_closed()
    {
        var record = SampleTables.Pipeline("shop") with
        {
            Position = new Lsn(0xFFFF_FFFF_FFFF_FFFE),
            CommitTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMicroseconds(678901),
            SystemIdentifier = "18446744073709551615",
            Timeline = uint.MaxValue,
            OwnsPublication = false,
            Publication = "it's \"odd\"; DROP TABLE t",
        };
        store.EnsureSchema();
        store.EnsureSchema();
        store.InsertPipeline(record);

        Reopen();

        Assert.Equal(record, store.FindPipeline());
        Assert.Null(new StateStore(connection, "sho").FindPipeline());
    }

    [Fact]
    public void Stage_timeline_and_position_move_and_a_keepalive_keeps_the_commit_time()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        store.EnsureSchema();
        store.InsertPipeline(SampleTables.Pipeline("shop"));
        new StateStore(connection, "other").InsertPipeline(SampleTables.Pipeline("other"));

        store.SetStage(PipelineStage.Active);
        store.SetTimeline(2);
        store.SavePosition(new Lsn(100), time);
        store.SavePosition(new Lsn(200), null);

        Assert.Equal(
            SampleTables.Pipeline("shop") with
            {
                Stage = PipelineStage.Active, Timeline = 2, Position = new Lsn(200), CommitTime = time,
            },
            store.FindPipeline());
        Assert.Equal(SampleTables.Pipeline("other"), new StateStore(connection, "other").FindPipeline());
    }

    [Fact]
    public void A_table_comes_back_with_its_columns_its_key_in_order_and_its_types()
    {
        var schema = new TableSchema(
            4_000_000_000,
            new TableName("Säle", "we\"ird.name"),
            [
                new ColumnSchema(1, "Id", new PostgresType(20, -1, "bigint"), true),
                new ColumnSchema(3, "emoji 🛒 \"q\" 'a'", new PostgresType(1700, 655366, "numeric(10,2)"), false),
                new ColumnSchema(4, "region", new PostgresType(25, -1, "text"), true),
            ],
            [2, 0],
            ReplicaIdentity.Index,
            'p');
        var table = new TableRecord(
            "shop", schema, new TableName("dest", "t"), ["BIGINT", "DECIMAL(10,2)", "VARCHAR"], TableState.CatchingUp,
            new Lsn(77), 16399,
            5_000_000_000, 9_000_000_000,
            new TableError("ValueNotRepresentable", "it's", "mend \"it\"", "emoji 🛒", "Id='x'", Time(1)),
            new Lsn(ulong.MaxValue), Time(2), Time(3));
        store.EnsureSchema();
        store.UpsertTable(table);

        Reopen();

        var read = Assert.Single(store.ReadTables());
        Assert.Equal(schema.Columns, read.Columns);
        Assert.Equal([2, 0], read.KeyColumns);
        Assert.Equal(table.DuckDbTypes, read.DuckDbTypes);
        Assert.Equal(schema.Oid, read.Oid);
        Assert.Equal(schema.Name, read.Source);
        Assert.Equal(ReplicaIdentity.Index, read.Schema.Identity);
        Assert.Equal('p', read.Schema.Kind);
        Assert.Equal(
            table with { Schema = read.Schema, DuckDbTypes = read.DuckDbTypes }, read);
    }

    [Fact]
    public void Writing_a_table_again_replaces_its_row_and_setting_its_state_clears_the_error()
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "id");
        store.EnsureSchema();
        store.UpsertTable(table);
        store.UpsertTable(table with { State = TableState.Copying, Rows = 5, DuckDbTypes = [] });
        store.UpsertTable(Assert.Single(store.ReadTables()) with
        {
            State = TableState.SetAside, Error = new TableError("UnsupportedType", "no"), StandsAt = new Lsn(5),
                ResetBegun = Time(1),
        });

        var read = Assert.Single(store.ReadTables());
        Assert.Equal((TableState.SetAside, 5, "UnsupportedType", "no"),
            (read.State, read.Rows, read.Error?.Code, read.Error?.Message));
        Assert.Empty(read.DuckDbTypes);

        store.SetReady(16400);
        read = Assert.Single(store.ReadTables());
        Assert.Equal((TableState.Ready, null, null, null), (read.State, read.Error, read.StandsAt, read.ResetBegun));
    }

    [Fact]
    public void Ranges_come_back_in_order_and_go_with_their_table()
    {
        var open = new RangeRecord(16400, 16400, 100, null, new Lsn(ulong.MaxValue), 16401, 7, 8);
        var first = new RangeRecord(16400, 16400, 0, 100, new Lsn(1), 16401, 5, 6);
        store.EnsureSchema();
        store.UpsertTable(SampleTables.Record(16400, new TableName("public", "t"), "id"));
        store.InsertRange(open);
        store.InsertRange(first);
        store.InsertRange(first with { Oid = 16500 });

        Assert.Equal([first, open], store.ReadRanges(16400));
        store.DeleteTable(16400);
        Assert.Empty(store.ReadRanges(16400));
        Assert.Single(store.ReadRanges(16500));
        Assert.Empty(store.ReadTables());
    }

    [Fact]
    public void Workers_add_ranges_and_set_states_side_by_side_with_a_moving_position()
    {
        store.EnsureSchema();
        store.InsertPipeline(SampleTables.Pipeline("shop"));
        store.UpsertTable(SampleTables.Record(1, new TableName("public", "a"), "id"));
        store.UpsertTable(SampleTables.Record(2, new TableName("public", "b"), "id"));
        using var one = file.Connect();
        using var two = file.Connect();
        foreach (var (worker, oid) in new[] { (one, 1u), (two, 2u) })
        {
            worker.Execute("BEGIN");
            new StateStore(worker, "shop").InsertRange(new RangeRecord(oid, oid, 0, null, new Lsn(1), 1, 1, 1));
            new StateStore(worker, "shop").UpsertTable(
                SampleTables.Record(oid, new TableName("public", "w"), "id") with { State = TableState.Copying });
        }

        connection.Execute("BEGIN");
        store.SavePosition(new Lsn(9), null);
        connection.Execute("COMMIT");
        one.Execute("COMMIT");
        two.Execute("COMMIT");

        Assert.All(store.ReadTables(), t => Assert.Equal(TableState.Copying, t.State));
        Assert.Equal(new Lsn(9), store.FindPipeline()!.Position);
    }

    [Fact]
    public void Deleting_a_pipeline_leaves_the_others()
    {
        var other = new StateStore(connection, "other");
        store.EnsureSchema();
        store.InsertPipeline(SampleTables.Pipeline("shop"));
        other.InsertPipeline(SampleTables.Pipeline("other"));
        other.UpsertTable(SampleTables.Record(16400, new TableName("public", "t"), "id") with { Pipeline = "other" });
        store.UpsertTable(SampleTables.Record(16400, new TableName("public", "u"), "id"));

        store.DeletePipeline();

        Assert.Null(store.FindPipeline());
        Assert.Empty(store.ReadTables());
        Assert.NotNull(other.FindPipeline());
        Assert.Equal([("other", new TableName("public", "t"))], store.ReadOtherOwners());
        Assert.Empty(other.ReadOtherOwners());
    }

    [Fact]
    public void State_of_a_newer_format_is_refused()
    {
        store.EnsureSchema();
        connection.Execute($"UPDATE etlps.format SET version = {StateSchema.FormatVersion + 1}");

        var error = Assert.Throws<EtlException>(store.EnsureSchema);

        Assert.Equal(EtlErrorCode.DestinationUnavailable, error.Code);
        Assert.Contains("Update the EtlPs module", error.Remedy, StringComparison.Ordinal);
        Assert.Throws<EtlException>(() => store.FindPipeline());
        Assert.Throws<EtlException>(() => store.ReadTables());
    }

    [Fact]
    public void The_status_view_writes_positions_as_Postgres_does()
    {
        store.EnsureSchema();
        store.InsertPipeline(SampleTables.Pipeline("shop") with { Position = Lsn.Parse("FFFFFFFF/B374D848") });
        store.UpsertTable(SampleTables.Record(16400, new TableName("public", "t"), "id") with
        {
            CopiedAt = Lsn.Parse("16/1"),
        });

        var row = Assert.Single(file.Query(
            "SELECT pipeline, position, source, state, copied_at FROM etlps.status",
            TestContext.Current.CancellationToken).Rows);

        Assert.Equal(["shop", "FFFFFFFF/B374D848", "public.t", "Pending", "16/1"], row);
    }

    [Fact]
    public void Data_state_and_name_roll_back_as_one()
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "id");
        store.EnsureSchema();
        store.InsertPipeline(SampleTables.Pipeline("shop"));
        store.UpsertTable(table with { State = TableState.CatchingUp });
        TableDdl.CreateHiddenTable(connection, table);

        connection.Execute("BEGIN");
        connection.Execute($"INSERT INTO {table.HiddenName.Quoted} VALUES (1)");
        TableDdl.Show(connection, table);
        store.SetReady(16400);
        store.SavePosition(new Lsn(5), null);
        connection.Execute("ROLLBACK");

        Assert.False(TableDdl.Exists(connection, table.Destination));
        Assert.Equal(0L, connection.Scalar($"SELECT count(*) FROM {table.HiddenName.Quoted}"));
        Assert.Equal(TableState.CatchingUp, Assert.Single(store.ReadTables()).State);
        Assert.Equal(Lsn.Zero, store.FindPipeline()!.Position);
    }

    private static DateTimeOffset Time(int second) => new(2026, 1, 2, 3, 4, second, TimeSpan.Zero);

    private void Reopen()
    {
        file.Dispose();
        file = DuckDbFile.Open(new DuckDbSettings(folder["s.duckdb"]));
        connection = file.Connect();
        store = new StateStore(connection, "shop");
    }
}
