using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Partitions that come, go and are truncated: what Postgres does not send is noticed, and what it sends is followed.
/// </summary>
public sealed class PartitionChangesTests(ServerPool pool)
{
    private const string Setup = """
        CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE other (id int PRIMARY KEY);
        CREATE TABLE t0 PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (10) TO (20);
        INSERT INTO t SELECT g, 'v' FROM generate_series(0, 19) g;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30)")]
    [InlineData(
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (40) PARTITION BY RANGE (id); "
        + "CREATE TABLE t2a PARTITION OF t2 DEFAULT")]
    [InlineData(
        "CREATE TABLE t2 (LIKE t INCLUDING ALL); ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (20) TO (30)")]
    [InlineData(
        "BEGIN; CREATE TABLE t2 (v text, id int NOT NULL); ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (20) TO "
        + "(30); INSERT INTO t VALUES (20, 'at once'); COMMIT")]
    public async Task A_partition_that_was_empty_when_it_came_is_followed(string ddl)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        foreach (var statement in ddl.StartsWith("BEGIN", StringComparison.Ordinal) ? [ddl] : ddl.Split(';'))
            await scenario.ExecuteAsync(statement);
        await scenario.CatchUpAsync();
        await scenario.ExecuteAsync(
            "INSERT INTO t VALUES (21, 'new'), (22, 'new'); UPDATE t SET id = 23 WHERE id = 1; "
            + "UPDATE t SET id = 1 WHERE id = 22");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(
        "CREATE TABLE t2 (id int PRIMARY KEY, v text); INSERT INTO t2 VALUES (20, 'old')|ALTER TABLE t ATTACH "
        + "PARTITION t2 FOR VALUES FROM (20) TO (30)", "attached")]
    [InlineData(
        "CREATE TABLE t2 (id int PRIMARY KEY, v text); INSERT INTO t2 VALUES (20, 'old'); "
        + "ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (20) TO (30)", "attached")]
    [InlineData("ALTER TABLE t DETACH PARTITION t1", "detached or dropped")]
    [InlineData("DROP TABLE t1", "detached or dropped")]
    [InlineData(
        "ALTER TABLE t DETACH PARTITION t1|UPDATE t1 SET v = 'apart'|ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM "
        + "(10) TO (20)", "attached again")]
    [InlineData("TRUNCATE t1", "was truncated")]
    [InlineData(
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30)|INSERT INTO t VALUES (20, 'sent')|TRUNCATE t2",
        "was truncated")]
    [InlineData("ALTER TABLE t ALTER v TYPE text USING concat(v, '!')", "were rewritten")]
    public async Task Rows_that_move_without_a_change_set_their_root_aside(string ddl, string told)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        foreach (var statement in ddl.Split('|')) await scenario.ExecuteAsync(statement);
        await scenario.ExecuteAsync("INSERT INTO other VALUES (1); UPDATE t SET v = 'later' WHERE id = 1");
        var aside = Assert.Single((await scenario.CatchUpAsync()).SetAside);
        Assert.Equal(("t", EtlErrorCode.SchemaChanged), (aside.Source.Name, aside.Error!.Code));
        Assert.Contains(told, aside.Error.Message, StringComparison.Ordinal);
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Partitions_that_are_rewritten_but_keep_their_rows_are_followed()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("VACUUM FULL t1");
        await scenario.ExecuteAsync(
            "INSERT INTO t SELECT g, 'w' FROM generate_series(0, 19) g ON CONFLICT (id) DO UPDATE SET v = 'w' WHERE "
            + "t.id < 15");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task The_truncation_of_a_root_explains_new_files_even_where_it_is_still_to_come()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30)");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (20, 'gone')");
        await scenario.ExecuteAsync("TRUNCATE t; INSERT INTO t VALUES (1, 'a'), (11, 'b'), (21, 'c')");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();
        await scenario.ExecuteAsync("TRUNCATE t0");
        Assert.Single((await scenario.CatchUpAsync()).SetAside);
    }

    [Fact]
    public async Task A_new_leaf_that_the_publication_sends_as_a_table_of_its_own_is_told_and_joins_at_the_next_start()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Setup + "CREATE PUBLICATION dba FOR TABLE t, other");
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (streaming, told) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Message: var message }
                && message.StartsWith("Streaming from", StringComparison.Ordinal)) streaming.TrySetResult();
            if (e is Milestone { Level: MilestoneLevel.Warning } warning) told.TrySetResult(warning.Message);
        };
        var stream = pipeline.StreamAsync(new StreamOptions(), scenario, stop.Token);
        await streaming.Task.WaitAsync(Token);
        await scenario.ExecuteAsync("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30)");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (20, 'new')");
        Assert.Contains("does not follow: public.t2", await told.Task.WaitAsync(Token), StringComparison.Ordinal);
        await stop.CancelAsync();
        await stream;
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.ExecuteAsync("UPDATE t SET v = 'followed' WHERE id = 20");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertSameAsync("SELECT id || v FROM t2", "SELECT id || v FROM t2");
    }

    [Theory]
    [InlineData("ALTER TABLE t DETACH PARTITION t1")]
    [InlineData("TRUNCATE t1")]
    public async Task A_reset_beside_a_stream_that_comes_to_nothing_hides_no_rows_that_moved_before_it(string ddl)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        using var given = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pipeline = scenario.Pipeline(new FaultAction(FaultPoint.ResetCopied, given.Cancel));
        await using (var stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            // Nothing is sent of it, and the stream looks again in a minute.
            await scenario.ExecuteAsync(ddl);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => pipeline.ResetAsync(["t"], scenario, given.Token));
            await stream.StopAsync();
        }

        Assert.Equal("t", Assert.Single((await scenario.CatchUpAsync()).SetAside).Source.Name);
    }

    [Fact]
    public async Task A_reset_beside_a_stream_knows_the_tree_that_it_copied_and_the_truncation_that_it_brought()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        var truncate = new FaultAction(FaultPoint.ResetCopied, () => scenario.ExecuteAsync(
            "TRUNCATE t; INSERT INTO t VALUES (1, 'a'), (21, 'c')").GetAwaiter().GetResult());
        var pipeline = scenario.Pipeline(truncate);
        await using (var stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            await scenario.ExecuteAsync(
                "ALTER TABLE t DETACH PARTITION t1; CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (20) TO (30)");
            Assert.Equal(TableState.Ready, Assert.Single(await pipeline.ResetAsync(["t"], scenario, Token)).State);
            await stream.StopAsync();
        }

        await scenario.ExecuteAsync("DROP TABLE t1");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_partition_that_comes_with_rows_in_mid_stream_sets_its_root_aside_and_the_stream_goes_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (streaming, aside) = (new TaskCompletionSource(), new TaskCompletionSource());
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Message: var message }
                && message.StartsWith("Streaming from", StringComparison.Ordinal)) streaming.TrySetResult();
            if (e is TableStateChanged { State: TableState.SetAside }) aside.TrySetResult();
        };
        var run = scenario.Pipeline().StreamAsync(new StreamOptions(), scenario, stop.Token);
        await Task.WhenAny(streaming.Task, run).WaitAsync(Token);
        await scenario.ExecuteAsync("CREATE TABLE t2 (id int PRIMARY KEY, v text); INSERT INTO t2 VALUES (20, 'old')");
        await scenario.ExecuteAsync(
            "ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (20) TO (30); INSERT INTO t VALUES (21, 'new')");
        await scenario.ExecuteAsync("INSERT INTO other VALUES (1)");
        await Task.WhenAny(aside.Task, run).WaitAsync(Token);
        await stop.CancelAsync();
        Assert.Equal("t", Assert.Single((await run).SetAside).Source.Name);
        await scenario.CatchUpAsync();
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
    }
}
