using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Partitions that are unlogged, or another server's: a stream has none of their changes, and says nothing of it.
/// </summary>
public sealed class UnfollowedPartitionTests(ServerPool pool)
{
    private const string Setup = """
        CREATE TABLE t (id int, v text) PARTITION BY RANGE (id); CREATE TABLE other (id int PRIMARY KEY);
        CREATE TABLE t0 PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
        CREATE TABLE t1a PARTITION OF t1 DEFAULT; ALTER TABLE t REPLICA IDENTITY FULL;
        ALTER TABLE t0 REPLICA IDENTITY FULL;
        ALTER TABLE t1 REPLICA IDENTITY FULL; ALTER TABLE t1a REPLICA IDENTITY FULL;
        INSERT INTO t SELECT g, 'v' FROM generate_series(0, 19) g;
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER nowhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'none');
        CREATE PUBLICATION by_root FOR TABLE t, other WITH (publish_via_partition_root);
        CREATE PUBLICATION by_leaf FOR TABLE t, other;
        """;

    private const string Unlogged = "CREATE UNLOGGED TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30)";
    private const string Foreign = "CREATE FOREIGN TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30) SERVER nowhere";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Unlogged, "unlogged", null)]
    [InlineData(Unlogged, "unlogged", "by_root")]
    [InlineData(Unlogged, "unlogged", "by_leaf")]
    [InlineData(Foreign, "foreign", null)]
    [InlineData(Foreign, "foreign", "by_root")]
    [InlineData(Foreign, "foreign", "by_leaf")]
    public async Task A_partition_that_no_stream_follows_is_refused_before_anything_is_made(
        string ddl, string told, string? publication)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup + ddl);
        var pipeline = new Pipeline(scenario.Definition() with { Publication = publication });
        Check(await Assert.ThrowsAsync<EtlException>(() => pipeline.PlanStreamAsync(new StreamOptions(), Token)));
        Check(await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)));
        Assert.False(File.Exists(scenario.File));
        Assert.Equal(2L, await scenario.ScalarAsync<long>(
            "SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_replication_slots WHERE database "
            + "= current_database())"));

        void Check(EtlException error)
        {
            Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
            Assert.Contains("t2", error.Message, StringComparison.Ordinal);
            Assert.Contains(told, error.Message, StringComparison.Ordinal);
            Assert.Contains("-SnapshotOnly", error.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unlogged_partition_is_copied_once_and_listed_with_what_keeps_a_stream_from_it()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Setup + Unlogged + "; INSERT INTO t VALUES (20, 'unlogged')");
        await scenario.BackfillAsync(new BackfillOptions { SnapshotOnly = true });
        await scenario.AssertSameAsync("SELECT id || v FROM t", "SELECT id || v FROM t");
        var listed = await new PostgresSource(scenario.Definition().Source).ReadTablesAsync(["t"], Token);
        Assert.Contains("unlogged", Assert.Single(listed).Obstacle!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Unlogged, "t", null)]
    [InlineData(Foreign, "t", null)]
    [InlineData("ALTER TABLE t1a SET UNLOGGED", "t", "by_root")]
    [InlineData("ALTER TABLE t1a SET UNLOGGED", "t1a", "by_leaf")]
    public async Task A_partition_that_no_stream_follows_sets_its_table_aside_under_a_stream(
        string ddl, string table, string? publication)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        var pipeline = new Pipeline(scenario.Definition() with { Publication = publication });
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);
        var aside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is TableStateChanged { State: TableState.SetAside }) aside.TrySetResult();
        };

        await scenario.ExecuteAsync(ddl);
        await scenario.ExecuteAsync("UPDATE t SET v = 'w' WHERE id = 1; INSERT INTO other VALUES (1)");
        await aside.Task.WaitAsync(TimeSpan.FromMinutes(2), Token);

        var set = Assert.Single((await stream.StopAsync()).SetAside);
        Assert.Equal((table, EtlErrorCode.SchemaChanged), (set.Source.Name, set.Error!.Code));
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
    }

    [Fact]
    public async Task A_table_set_aside_for_an_unlogged_partition_is_copied_again_once_that_is_logged()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(Unlogged);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (20, 'unlogged')");
        Assert.Equal("t", Assert.Single((await scenario.CatchUpAsync()).SetAside).Source.Name);

        var refused = Assert.Single(await scenario.Pipeline().ResetAsync(["t"], scenario, Token));
        Assert.Equal((TableState.SetAside, EtlErrorCode.SchemaChanged), (refused.State, refused.Error!.Code));
        Assert.Contains("ALTER TABLE public.t2 SET LOGGED", refused.Error.Remedy, StringComparison.Ordinal);
        await scenario.ExecuteAsync("ALTER TABLE t2 SET LOGGED; ALTER TABLE t2 REPLICA IDENTITY FULL");
        await scenario.Pipeline().ResetAsync(["t"], scenario, Token);
        await scenario.ExecuteAsync("UPDATE t SET v = 'logged' WHERE id = 20");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertSameAsync("SELECT id || v FROM t", "SELECT id || v FROM t");
    }
}
