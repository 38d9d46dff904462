using System.Security.Cryptography;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>What is only planned changes nothing, and what is removed is exactly what the pipeline made.</summary>
public sealed class PlanTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Plans_change_neither_side()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 50));
        var plan = await scenario.Pipeline().PlanBackfillAsync(new BackfillOptions(), Token);
        Assert.Contains(plan.Effects, e => e.Action.Contains("slot", StringComparison.Ordinal));
        Assert.Equal(5, plan.Tables.Count(t => t.WillCopy));
        await PlanAllAsync(scenario);
        Assert.False(File.Exists(scenario.File));
        Assert.Equal("0 0", await AtTheSourceAsync(scenario));

        await scenario.BackfillAsync();
        await PlanAndCompareAsync(scenario);

        // A file with a write-ahead log beside it, which whoever opens it for writing would take in.
        await Shop.WorkAsync(scenario.Database, 0, 20);
        var killed = await scenario.Process.RunAsync(
            PipelineOperation.CatchUp, "BatchCommitted", cancellationToken: Token);
        Assert.True(PipelineProcess.WasKilled(killed), killed.ErrorOutput);
        Assert.True(File.Exists(scenario.File + ".wal"));
        await PlanAndCompareAsync(scenario);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_plan_has_the_statements_of_both_sides_the_ranges_the_bytes_the_time_and_the_wal_kept_meanwhile()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, v text, "N" numeric(12,2));
            INSERT INTO t SELECT n, repeat('x', 200), n FROM generate_series(1, 5000) n;
            CREATE TABLE empty (id int PRIMARY KEY)
            """);
        var plan = await scenario.Pipeline().PlanStreamAsync(new StreamOptions { Workers = 2 }, Token);

        Assert.Equal(
            [
                $"CREATE PUBLICATION \"{scenario.Definition().EffectivePublication}\" FOR TABLE ONLY "
                + "\"public\".\"empty\", ONLY \"public\".\"t\" WITH (publish_via_partition_root = true)",
                $"CREATE_REPLICATION_SLOT {scenario.Definition().EffectiveSlotName} LOGICAL pgoutput",
            ],
            plan.Effects.Select(e => e.Statement).OfType<string>());
        var table = plan.Tables.Single(t => t.Source.Name == "t");
        Assert.Equal(1, table.Ranges);
        Assert.Equal("COPY \"public\".\"t\" (\"id\", \"v\", \"N\") TO STDOUT (FORMAT BINARY)", table.SourceStatement);
        Assert.Equal(
            "CREATE TABLE \"public\".\"t\" (\"id\" INTEGER, \"v\" VARCHAR, \"N\" DECIMAL(12,2))",
            table.DestinationStatement);
        Assert.Equal(await scenario.ScalarAsync<long>("SELECT pg_table_size('t') + pg_table_size('empty')"),
            plan.Estimate!.Bytes);
        Assert.InRange(plan.Estimate.Time, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));
        Assert.True(plan.Estimate.WalBytes > 0);

        await scenario.BackfillAsync();
        var rest = await scenario.Pipeline().PlanStreamAsync(new StreamOptions(), Token);
        Assert.Null(rest.Estimate);
        Assert.All(rest.Tables, t => Assert.Equal(
            (0, null, null), (t.Ranges, t.SourceStatement, t.DestinationStatement)));
        var oneOff = await scenario.Pipeline().PlanBackfillAsync(
            new BackfillOptions { SnapshotOnly = true, Restart = true }, Token);
        Assert.Null(oneOff.Estimate!.WalBytes);
    }

    [Fact]
    public async Task A_removal_drops_what_the_pipeline_made_and_leaves_its_neighbours()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        var id = $"{Random.Shared.Next():x8}";
        var pipeline = new Pipeline(scenario.Definition() with { Name = $"a_{id}" });
        await scenario.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot(name, 'pgoutput') FROM (VALUES ('etlps_ax{id}'), "
            + $"('etlps_a_{id}_b')) v (name)");
        await scenario.ExecuteAsync($"CREATE PUBLICATION etlps_ax{id}; CREATE PUBLICATION \"etlps_A_{id}\"");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        Assert.Equal("3 3", await AtTheSourceAsync(scenario));

        var plan = await pipeline.PlanRemovalAsync(Token);
        Assert.Equal(3, plan.Effects.Count);
        Assert.Equal("3 3", await AtTheSourceAsync(scenario));
        await pipeline.RemoveAsync(scenario, Token);
        Assert.Equal(0L, await scenario.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'etlps_a_{id}'"));
        Assert.Equal("2 2", await AtTheSourceAsync(scenario));
        Assert.Equal(1L, (await pipeline.QueryAsync("SELECT count(*) FROM public.t", Token)).Rows[0][0]);
        Assert.Null(await pipeline.ReadStatusAsync(Token));
        await pipeline.RemoveAsync(scenario, Token);
    }

    [Fact]
    public async Task Removing_what_was_never_run_makes_no_file()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.Pipeline().RemoveAsync(scenario, Token);
        Assert.False(File.Exists(scenario.File));
        Assert.NotEmpty(scenario.Events);
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_publication_that_a_dba_made_is_used_and_left()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, v text, secret text); INSERT INTO t VALUES (1, 'a', 's');
            CREATE TABLE other (id int PRIMARY KEY);
            CREATE PUBLICATION dba FOR TABLE t (id, v)
            """);
        var definition = scenario.Definition() with { Publication = "dba" };
        using var stop = new CancellationTokenSource();
        var cut = new Pipeline(definition, new FaultAction(Engine.Pipelines.Faults.FaultPoint.RangeAppended, () =>
        {
            stop.Cancel();
            stop.Token.ThrowIfCancellationRequested();
        }));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => cut.BackfillAsync(new BackfillOptions(), scenario, stop.Token));
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'b', 's')");
        var pipeline = new Pipeline(definition);
        Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 'c', 's'); UPDATE t SET secret = 'x'");
        var result = await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.Empty(result.SetAside);
        var rows = await pipeline.QueryAsync("SELECT * FROM public.t ORDER BY id", Token);
        Assert.Equal(["id", "v"], rows.Columns);
        Assert.Equal(3, rows.Rows.Count);
        await pipeline.RemoveAsync(scenario, Token);
        Assert.Equal("0 1", await AtTheSourceAsync(scenario));
    }

    [Fact]
    public async Task A_role_without_superuser_does_everything()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 200));
        var role = await scenario.Database.Server.CreateRoleAsync(
            scenario.Database.Name, "secret", "REPLICATION", scenario.Database.Name, Token);
        var name = scenario.Database.Name;
        await scenario.ExecuteAsync($"""
            GRANT CREATE ON DATABASE "{name}" TO "{name}";
            ALTER TABLE orders OWNER TO "{name}"; ALTER TABLE lines OWNER TO "{name}";
            ALTER TABLE docs OWNER TO "{name}";
            ALTER TABLE journal OWNER TO "{name}"; ALTER TABLE "Mixed Case" OWNER TO "{name}";
            """);
        var pipeline = new Pipeline(scenario.Definition() with { Source = SourceSettings.Parse(role) });
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await Shop.WorkAsync(scenario.Database, 0, 200);
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertEqualAsync();
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true, Restart = true }, scenario, Token);
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
        await pipeline.RemoveAsync(scenario, Token);
        Assert.Equal("0 0", await AtTheSourceAsync(scenario));
        await scenario.ExecuteAsync(
            $"REASSIGN OWNED BY \"{name}\" TO CURRENT_USER; DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\"");
    }

    private static async Task PlanAndCompareAsync(Scenario scenario)
    {
        var (source, files) = (await AtTheSourceAsync(scenario), Hashes(scenario));
        await PlanAllAsync(scenario);
        Assert.Equal(source, await AtTheSourceAsync(scenario));
        Assert.Equal(files, Hashes(scenario));
    }

    private static async Task PlanAllAsync(Scenario scenario)
    {
        await scenario.Pipeline().PlanBackfillAsync(new BackfillOptions(), Token);
        await scenario.Pipeline().PlanBackfillAsync(new BackfillOptions { Restart = true }, Token);
        await scenario.Pipeline().PlanStreamAsync(new StreamOptions(), Token);
        await scenario.Pipeline().PlanStreamAsync(new StreamOptions { Restart = true, SkipBackfill = true }, Token);
        await scenario.Pipeline().PlanRemovalAsync(Token);
    }

    private static string Hashes(Scenario scenario) => string.Join(' ', new[] { scenario.File, scenario.File + ".wal" }
        .Select(f => File.Exists(f) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))) : "none"));

    private static Task<string> AtTheSourceAsync(Scenario scenario) => scenario.ScalarAsync<string>(
        "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) || ' ' "
        + "|| (SELECT count(*) FROM pg_publication)");
}
