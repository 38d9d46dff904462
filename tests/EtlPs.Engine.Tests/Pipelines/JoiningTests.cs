using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A definition that names other tables than before.</summary>
public sealed class JoiningTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT n, 'a' FROM generate_series(1, 100) n;
        CREATE TABLE b (id int PRIMARY KEY, v text); INSERT INTO b SELECT n, 'b' FROM generate_series(1, 100) n
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_is_named_by_now_joins_with_what_is_written_while_it_is_taken_up()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.Pipeline("a").BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("UPDATE a SET v = 'later'; UPDATE b SET v = 'later' WHERE id > 50");
        await using var writer = await scenario.Database.OpenAsync(Token);
        await ExecuteAsync(
            writer, "BEGIN; INSERT INTO b VALUES (1001, 'before it is published'); INSERT INTO a VALUES (1001, 'x')");
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Level: MilestoneLevel.Warning }) waits.TrySetResult();
        };

        // The copy's snapshot waits for the transaction, which was open before the table was published and writes
        // after.
        var stream = StreamAsync(scenario, "a", "b");
        await waits.Task.WaitAsync(Token);
        await ExecuteAsync(writer, "INSERT INTO b VALUES (1002, 'after'); DELETE FROM b WHERE id = 1; COMMIT");
        var joined = await stream;
        await scenario.ExecuteAsync("INSERT INTO b VALUES (1003, 'followed'); DELETE FROM b WHERE id = 2");
        await StreamAsync(scenario, "a", "b");

        Assert.Equal(["b"], joined.Backfilled.Select(t => t.Source.Name));
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_new_table_that_a_pattern_names_joins_and_one_that_cannot_is_told_and_left_alone()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c VALUES (1); CREATE TABLE keyless (v int); "
            + "INSERT INTO keyless VALUES (1)");

        var joined = await scenario.CatchUpAsync();
        await scenario.ExecuteAsync("INSERT INTO c VALUES (2); UPDATE keyless SET v = 2; DROP TABLE keyless");
        await scenario.CatchUpAsync();

        Assert.Equal(["c"], joined.Backfilled.Select(t => t.Source.Name));
        Assert.Contains(scenario.Events.OfType<Milestone>(), m => m.Level == MilestoneLevel.Warning
            && m.Message.Contains("public.keyless does not join", StringComparison.Ordinal));
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task What_joins_is_planned_and_checked_and_nothing_is_changed_by_that()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.Pipeline("a").BackfillAsync(new BackfillOptions(), scenario, Token);
        var pipeline = scenario.Pipeline("a", "b");

        var plan = await pipeline.PlanStreamAsync(new StreamOptions(), Token);
        var check = (await pipeline.CheckAsync(new BackfillOptions(), Token)).Single(c => c.Name == "JoiningTables");

        Assert.Equal(
            $"ALTER PUBLICATION \"{pipeline.Definition.EffectivePublication}\" ADD TABLE ONLY \"public\".\"b\"",
            plan.Effects.Select(e => e.Statement).OfType<string>().Single());
        Assert.Equal([("a", false), ("b", true)], plan.Tables.Select(t => (t.Source.Name, t.WillCopy)));
        Assert.Equal((CheckStatus.Passed, "Would be taken up: public.b."), (check.Status, check.Evidence));
        Assert.Equal("a", await PublishedAsync(scenario, pipeline.Definition.EffectivePublication));
        Assert.Single((await pipeline.ReadStatusAsync(Token))!.Tables);
    }

    [Fact]
    public async Task A_table_that_is_published_already_is_copied_and_one_off_copies_take_up_tables_too()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var oneOff = scenario.Definition("a") with { Name = "one_off", Destination = new(scenario.File + "2") };
        await scenario.Pipeline("a").BackfillAsync(new BackfillOptions(), scenario, Token);
        await new Pipeline(oneOff).BackfillAsync(new BackfillOptions { SnapshotOnly = true }, scenario, Token);
        await scenario.ExecuteAsync($"""ALTER PUBLICATION "{scenario.Definition().EffectivePublication}" ADD TABLE b""");

        var joined = await scenario.Pipeline("a", "b").BackfillAsync(new BackfillOptions(), scenario, Token);
        var copied = await new Pipeline(oneOff with { Tables = ["a", "b"] })
            .BackfillAsync(new BackfillOptions { SnapshotOnly = true }, scenario, Token);
        await StreamAsync(scenario, "a", "b");

        Assert.Equal([("a", false), ("b", true)], joined.Select(t => (t.Source.Name, t.Copied)));
        Assert.Equal([("a", false), ("b", true)], copied.Select(t => (t.Source.Name, t.Copied)));
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_table_of_a_publication_that_a_DBA_made_joins_once_it_is_in_it()
    {
        await using var scenario = await Scenario.CreateAsync(pool, $"{Tables}; CREATE PUBLICATION p FOR TABLE a");
        await scenario.PipelineOf("p").BackfillAsync(new BackfillOptions(), scenario, Token);

        var named = await RefusedAsync(
            () => scenario.PipelineOf("p", "a", "b").PlanStreamAsync(new StreamOptions(), Token));
        await scenario.ExecuteAsync("ALTER PUBLICATION p ADD TABLE b; UPDATE b SET v = 'published'");
        await scenario.PipelineOf("p").StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.ExecuteAsync("UPDATE b SET v = 'followed'");
        await scenario.PipelineOf("p").StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

        Assert.Equal(EtlErrorCode.PublicationUnusable, named.Code);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_followed_table_that_is_left_out_and_a_name_that_is_no_tables_are_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        var excluding = new Pipeline(scenario.Definition() with { ExcludedTables = ["b"] });

        var excluded = await RefusedAsync(
            () => excluding.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token));
        var unnamed = await RefusedAsync(() => StreamAsync(scenario, "a"));
        var misspelt = await RefusedAsync(() => StreamAsync(scenario, "a", "b", "bb"));

        Assert.Equal((EtlErrorCode.DefinitionChanged, "public.b"), (excluded.Code, excluded.Subject));
        Assert.Contains("-ExcludeTable", excluded.Message, StringComparison.Ordinal);
        Assert.Equal((EtlErrorCode.DefinitionChanged, "public.b"), (unnamed.Code, unnamed.Subject));
        Assert.Equal((EtlErrorCode.TableNotFound, "bb"), (misspelt.Code, misspelt.Subject));
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_table_that_was_renamed_or_is_gone_is_named_as_before_or_not_at_all()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.Pipeline("a", "b").BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("ALTER TABLE a RENAME TO renamed; DROP TABLE b");

        await StreamAsync(scenario, "a", "b");
        await StreamAsync(scenario, "a");
        await StreamAsync(scenario, "renamed");

        Assert.Equal("renamed", await PublishedAsync(scenario, scenario.Definition().EffectivePublication));
    }

    [Fact]
    public async Task Partitions_of_a_followed_table_and_a_table_over_followed_ones_do_not_join()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE m (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM (0) TO (100);
            CREATE TABLE n_1 (id int PRIMARY KEY); INSERT INTO m VALUES (1); INSERT INTO n_1 VALUES (1)
            """);
        await scenario.Pipeline("m", "n_*").BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            """
            CREATE TABLE m_2 PARTITION OF m FOR VALUES FROM (100) TO (200); INSERT INTO m VALUES (150);
            CREATE TABLE n_all (id int PRIMARY KEY) PARTITION BY RANGE (id);
            ALTER TABLE n_all ATTACH PARTITION n_1 FOR VALUES FROM (0) TO (100); INSERT INTO n_all VALUES (2)
            """);

        var result = await StreamAsync(scenario, "m", "m_*", "n_*");
        var named = await RefusedAsync(() => StreamAsync(scenario, "m", "n_1", "n_all"));

        Assert.Empty(result.Backfilled);
        Assert.Equal((EtlErrorCode.InvalidArgument, "public.n_all"), (named.Code, named.Subject));
        await scenario.AssertSameAsync("SELECT id::text FROM m UNION ALL SELECT id::text FROM n_1",
            "SELECT id::VARCHAR FROM m UNION ALL SELECT id::VARCHAR FROM n_1");
    }

    private static Task<StreamResult> StreamAsync(Scenario scenario, params string[] tables) =>
        scenario.Pipeline(tables).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    private static Task<EtlException> RefusedAsync(Func<Task> run) => Assert.ThrowsAsync<EtlException>(run);

    private static Task<string> PublishedAsync(Scenario scenario, string publication) => scenario.ScalarAsync<string>(
        "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = "
        + $"'{publication}'");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Token);
    }
}
