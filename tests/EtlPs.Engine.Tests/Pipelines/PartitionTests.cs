using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Partitioned tables: copied leaf by leaf, streamed as their root or as tables of their own.</summary>
public sealed class PartitionTests(ServerPool pool)
{
    // Three levels; leaves whose columns come in another order, and with dropped ones between.
    private const string Tree = """
        CREATE TABLE t (id int, v text, n numeric(8,2), PRIMARY KEY (id)) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
        CREATE TABLE t2 (gone int, n numeric(8,2), v text, also_gone text, id int NOT NULL);
        ALTER TABLE t2 DROP gone, DROP also_gone;
        ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (100) TO (200);
        CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (200) TO (400) PARTITION BY RANGE (id);
        CREATE TABLE t3a PARTITION OF t3 FOR VALUES FROM (200) TO (300); CREATE TABLE "t3 B" PARTITION OF t3 DEFAULT;
        ALTER TABLE t1 ALTER v SET STORAGE EXTERNAL; ALTER TABLE t2 ALTER v SET STORAGE EXTERNAL;
        INSERT INTO t SELECT g, repeat('v' || g, CASE WHEN g % 10 = 0 THEN 2000 ELSE 1 END), g / 4.0 FROM generate_series(0, 399) g;
        """;

    private const string Changes = """
        UPDATE t SET n = n + 1 WHERE id % 7 = 0; DELETE FROM t WHERE id % 11 = 5;
        DELETE FROM t WHERE id IN (110, 210, 310);
        UPDATE t SET id = 110 WHERE id = 10; UPDATE t SET id = 210 WHERE id = 120; UPDATE t SET id = 310 WHERE id = 20;
        INSERT INTO t2 (id, v, n) VALUES (199, 'leaf', NULL) ON CONFLICT DO NOTHING;
        UPDATE t3 SET v = 'w' WHERE id % 13 = 0;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_partitioned_table_is_one_table_by_copy_and_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tree);
        var copied = Assert.Single(await scenario.BackfillAsync());
        Assert.Equal(400, copied.Rows);
        await scenario.ExecuteAsync(Changes);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Partitions_are_copied_one_by_one_and_stand_in_the_ledger()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tree);
        await scenario.BackfillAsync();
        var ranges = await scenario.Pipeline()
            .QueryAsync("SELECT heap, copied_rows FROM etlps.copy_ranges ORDER BY heap", Token);
        Assert.Equal(
            await scenario.ScalarAsync<string>("""
                SELECT string_agg(relid::oid || ':' || (SELECT count(*) FROM t WHERE tableoid = relid), ' ' ORDER BY relid::oid)
                FROM pg_partition_tree('t') WHERE isleaf
                """),
            string.Join(' ', ranges.Rows.Select(r => $"{r[0]}:{r[1]}")));
    }

    [Fact]
    public async Task Leaves_are_tables_of_their_own_where_the_publication_says_so()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tree + "CREATE PUBLICATION dba FOR TABLE t");
        var pipeline = scenario.PipelineOf("dba");
        var copied = await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        Assert.Equal(["t1", "t2", "t3 B", "t3a"], copied.Select(c => c.Source.Name).Order(StringComparer.Ordinal));
        await scenario.ExecuteAsync(Changes);
        await scenario.ExecuteAsync("TRUNCATE t3; INSERT INTO t VALUES (333, 'after', 1)");
        await CatchUpAsync(pipeline, scenario);
        foreach (var leaf in new[] { "t1", "t2", "t3a", "\"t3 B\"" })
            await scenario.AssertSameAsync(
                $"SELECT concat_ws('|', id, md5(v), n) FROM {leaf}",
                $"SELECT concat_ws('|', id, md5(v), n) FROM {leaf}");
    }

    [Fact]
    public async Task A_partition_that_is_detached_after_the_snapshot_is_not_copied_as_if_it_belonged_there()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 50000);" + Tree);
        // The larger one is copied first.
        var detach = new FaultAction(
            EtlPs.Engine.Pipelines.Faults.FaultPoint.RangeAppended,
            () => scenario.ExecuteAsync("""
                UPDATE t SET v = 'before' WHERE id = 1; ALTER TABLE t DETACH PARTITION t1; UPDATE t1 SET v = 'after';
                INSERT INTO t VALUES (399, 'x') ON CONFLICT DO NOTHING
                """).GetAwaiter().GetResult());
        await scenario.Pipeline(detach).BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        await scenario.ExecuteAsync("DROP TABLE t1");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_role_that_may_read_only_the_root_copies_through_it()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, Tree + "CREATE PUBLICATION dba FOR TABLE t WITH (publish_via_partition_root = true)");
        var role = scenario.Database.Name;
        await scenario.ExecuteAsync($"CREATE ROLE {role} LOGIN REPLICATION; GRANT SELECT ON t TO {role}");
        try
        {
            var definition = scenario.Definition() with { Publication = "dba" };
            var connection = new Npgsql.NpgsqlConnectionStringBuilder(
                scenario.Database.ConnectionString) { Username = role };
            var pipeline = new Pipeline(
                definition with { Source = EtlPs.Engine.Sources.SourceSettings.Parse(connection.ConnectionString) });
            Assert.Equal(400, Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)).Rows);
            await scenario.AssertEqualAsync();
        }
        finally
        {
            await scenario.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    private static Task<StreamResult> CatchUpAsync(Pipeline pipeline, Scenario scenario) =>
        pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
}
