using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Partitions that log another key than their root is found by: rows that were updated or deleted there would stay.
/// </summary>
public sealed class PartitionIdentityTests(ServerPool pool)
{
    private const string Keyless = """
        CREATE TABLE t (id int NOT NULL, v text, w text) PARTITION BY RANGE (id); ALTER TABLE t REPLICA IDENTITY FULL;
        CREATE TABLE t0 PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (10) TO (20);
        ALTER TABLE t0 REPLICA IDENTITY FULL; ALTER TABLE t1 REPLICA IDENTITY FULL;
        ALTER TABLE t0 ADD PRIMARY KEY (id); INSERT INTO t SELECT g, 'v', 'w' FROM generate_series(0, 19, 2) g;
        CREATE PUBLICATION dba FOR TABLE t WITH (publish_via_partition_root);
        """;

    private const string Keyed = """
        CREATE TABLE t (id int PRIMARY KEY, code int NOT NULL, v text) PARTITION BY RANGE (id);
        CREATE TABLE t0 PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (10) TO (20);
        CREATE UNIQUE INDEX t0_code ON t0 (code); CREATE UNIQUE INDEX t0_both ON t0 (code, id);
        INSERT INTO t SELECT g, g, 'v' FROM generate_series(0, 19, 2) g;
        CREATE PUBLICATION dba FOR TABLE t WITH (publish_via_partition_root);
        """;

    private const string OwnKey = "ALTER TABLE t0 REPLICA IDENTITY DEFAULT";
    private const string OwnIndex = "ALTER TABLE t0 REPLICA IDENTITY USING INDEX t0_code";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Keyless, OwnKey, null)]
    [InlineData(Keyless, OwnKey, "dba")]
    [InlineData(Keyed, OwnIndex, null)]
    [InlineData(Keyed, OwnIndex, "dba")]
    public async Task A_partition_that_logs_another_key_is_refused_and_the_statement_named_mends_it(
        string setup, string ddl, string? publication)
    {
        await using var scenario = await Scenario.CreateAsync(pool, setup + ddl);
        var pipeline = new Pipeline(scenario.Definition() with { Publication = publication });

        var error = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));

        Assert.Equal(EtlErrorCode.NoReplicaIdentity, error.Code);
        Assert.Contains("t0", error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Sql!, error.Remedy, StringComparison.Ordinal);
        Assert.False(File.Exists(scenario.File));
        Assert.Contains(
            await pipeline.CheckAsync(new BackfillOptions(), Token),
            c => c is { Status: CheckStatus.Failed, Name: "Partitions" });
        await scenario.ExecuteAsync(error.Sql!);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "UPDATE t SET id = 5 WHERE id = 4; DELETE FROM t WHERE id = 8; UPDATE t SET v = 'x' WHERE id = 2");
        Assert.Empty(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Partitions_without_any_identity_are_named_in_the_remedy_not_their_root()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Keyed + "ALTER TABLE t0 REPLICA IDENTITY NOTHING");
        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.BackfillAsync());
        Assert.Equal(EtlErrorCode.NoReplicaIdentity, error.Code);
        Assert.Equal("ALTER TABLE \"public\".\"t0\" REPLICA IDENTITY FULL;", error.Sql);
        await scenario.ExecuteAsync(error.Sql!);
        await scenario.BackfillAsync();
    }

    [Theory]
    [InlineData(Keyless, OwnKey, "insert")]
    [InlineData(Keyed, OwnIndex, "insert, truncate")]
    [InlineData(Keyed, "ALTER TABLE t0 REPLICA IDENTITY USING INDEX t0_both", "insert, update, delete")]
    public async Task A_partitions_identity_is_nothing_to_a_publication_of_inserts_nor_is_one_that_holds_the_roots_key(
        string setup, string ddl, string operations)
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, $"{setup}{ddl}; ALTER PUBLICATION dba SET (publish = '{operations}')");
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 100, 'new')");
        if (operations.Contains("update", StringComparison.Ordinal))
            await scenario.ExecuteAsync(
                "UPDATE t SET id = 5 WHERE id = 4; UPDATE t SET code = 300 WHERE id = 2; DELETE FROM t WHERE id = 8");
        Assert.Empty(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(Keyless, OwnKey, null)]
    [InlineData(Keyed, OwnIndex, null)]
    [InlineData(Keyed, OwnIndex, "dba")]
    public async Task A_partition_that_logs_another_key_from_now_on_sets_its_root_aside_in_mid_stream(
        string setup, string ddl, string? publication)
    {
        await using var scenario = await Scenario.CreateAsync(pool, setup);
        var pipeline = new Pipeline(scenario.Definition() with { Publication = publication });
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);
        var aside = new TaskCompletionSource<EtlException?>(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is TableStateChanged { State: TableState.SetAside } set) aside.TrySetResult(set.Error);
        };

        await scenario.ExecuteAsync(ddl);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 3, 'new')");

        var error = await aside.Task.WaitAsync(TimeSpan.FromMinutes(2), Token);
        Assert.Equal(EtlErrorCode.SchemaChanged, error!.Code);
        Assert.Contains("ALTER TABLE public.t0 REPLICA IDENTITY FULL", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("Reset-EtlTable", error.Remedy, StringComparison.Ordinal);
        Assert.Single((await stream.StopAsync()).SetAside);
        await scenario.ExecuteAsync(error.Sql!);
        await pipeline.ResetAsync(["t"], scenario, Token);
        await scenario.ExecuteAsync("UPDATE t SET id = 5 WHERE id = 4; DELETE FROM t WHERE id = 8");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("dba")]
    public async Task A_new_partition_without_an_identity_is_told_with_the_statement_that_lets_the_source_write_again(
        string? publication)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Keyless);
        var pipeline = new Pipeline(scenario.Definition() with { Publication = publication });
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Level: MilestoneLevel.Warning } m
                && m.Message.Contains("replica identity", StringComparison.Ordinal))
                told.TrySetResult(m.Message);
        };

        // The row brings a RELATION message, and that the look which the stream else makes every minute.
        await scenario.ExecuteAsync(
            "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30); INSERT INTO t VALUES (20, 'v', 'w'); "
            + "INSERT INTO t VALUES (3, 'v', 'w')");
        var warning = await told.Task.WaitAsync(TimeSpan.FromMinutes(2), Token);
        await Assert.ThrowsAsync<PostgresException>(() => scenario.ExecuteAsync("UPDATE t SET v = 'x' WHERE id = 20"));
        var check = (await pipeline.CheckAsync(new BackfillOptions(), Token)).Single(c => c.Name == "ReplicaIdentity");
        await scenario.ExecuteAsync(check.Sql!);
        await scenario.ExecuteAsync("UPDATE t SET v = 'x' WHERE id = 20");
        var result = await stream.StopAsync();

        Assert.Equal("ALTER TABLE \"public\".\"t2\" REPLICA IDENTITY FULL;", check.Sql);
        Assert.Contains(check.Sql!, warning, StringComparison.Ordinal);
        Assert.Contains("public.t2", warning, StringComparison.Ordinal);
        Assert.Empty(result.SetAside);
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.Single(scenario.Warnings, w => w.Contains("replica identity", StringComparison.Ordinal));
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData("DELETE FROM t WHERE id = 6")]
    [InlineData("UPDATE t SET v = 'x' WHERE id = 6")]
    [InlineData("UPDATE t SET id = 17 WHERE id = 6")]
    public Task A_row_that_only_its_partitions_key_was_logged_of_sets_a_root_without_a_key_aside(string change) =>
        RowImageScenario.AssertSetAsideAsync(
            pool,
            Keyless.Replace(
                "CREATE PUBLICATION dba FOR TABLE t WITH (publish_via_partition_root);", "", StringComparison.Ordinal),
            Grouping.StreamEach,
            "UPDATE t SET v = 'y' WHERE id IN (0, 10); DELETE FROM t WHERE id = 2",
            $"{OwnKey}; {change}; ALTER TABLE t0 REPLICA IDENTITY FULL");

    [Theory]
    [InlineData("DELETE FROM public.t WHERE id = 1", "DELETE FROM t WHERE id = 1")]
    [InlineData("UPDATE public.t SET v = 'mine' WHERE id = 1", "UPDATE t SET v = 'x' WHERE id = 1")]
    public async Task A_row_that_somebody_changed_in_the_destination_sets_a_table_without_a_key_aside(
        string there, string here)
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int, v text); ALTER TABLE t REPLICA IDENTITY FULL;
            INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'a');
            CREATE TABLE other (id int PRIMARY KEY)
            """);
        await scenario.BackfillAsync();
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        using (var connection = file.Connect())
            connection.Execute(there);
        await scenario.ExecuteAsync($"{here}; INSERT INTO other VALUES (1)");
        Assert.Equal("t", Assert.Single((await scenario.CatchUpAsync()).SetAside).Source.Name);
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
    }

    [Fact]
    public async Task A_table_without_a_key_that_began_empty_knows_nothing_of_older_rows()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int, v text); ALTER TABLE t REPLICA IDENTITY FULL; "
            + "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        var fromEmpty = new StreamOptions { SkipBackfill = true, UntilCaughtUp = true };
        await scenario.CatchUpAsync(fromEmpty);
        await scenario.ExecuteAsync("DELETE FROM t WHERE id = 1; UPDATE t SET v = 'c' WHERE id = 2");
        Assert.Empty((await scenario.CatchUpAsync(fromEmpty)).SetAside);
        await scenario.AssertEqualAsync();
    }
}
