using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Tables that a pipeline leaves out.</summary>
public sealed class TableExclusionTests(ServerPool pool)
{
    private const string Tables = """
        CREATE SCHEMA log; CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE "B c" (id int PRIMARY KEY);
        CREATE TABLE log.x (id int PRIMARY KEY); CREATE TABLE log.y (id int); INSERT INTO a VALUES (1);
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Excluded_tables_are_neither_copied_nor_published_nor_checked()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        // log.y has no replica identity and would be refused.
        var pipeline = new Pipeline(scenario.Definition() with { ExcludedTables = ["log.?", "\"B c\""] });
        Assert.Equal(["a"], (await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token))
            .Select(t => t.Source.Name));
        Assert.Equal("a", await scenario.ScalarAsync<string>(
            "SELECT string_agg(tablename, ' ') FROM pg_publication_tables"));
        await scenario.ExecuteAsync(
            "INSERT INTO a VALUES (2); INSERT INTO log.x VALUES (1); INSERT INTO log.y VALUES (1)");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertSameAsync("SELECT id::text FROM a", "SELECT id::text FROM a");
    }

    [Fact]
    public async Task Tables_of_a_dba_s_publication_are_excluded_and_not_told_as_missing()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Tables + "CREATE PUBLICATION dba FOR TABLE a, \"B c\", log.x");
        var pipeline = new Pipeline(scenario.Definition() with { Publication = "dba", ExcludedTables = ["log.*"] });
        Assert.Equal(
            ["B c", "a"], (await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token))
                .Select(t => t.Source.Name));
        await scenario.ExecuteAsync("INSERT INTO a VALUES (2); INSERT INTO log.x VALUES (1)");
        Assert.Empty(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);
        await scenario.AssertSameAsync("SELECT id::text FROM a", "SELECT id::text FROM a");
        Assert.Empty(scenario.Warnings);
    }

    [Theory]
    [InlineData("nothing", EtlErrorCode.TableNotFound)]
    [InlineData("p1", EtlErrorCode.InvalidArgument)]
    [InlineData("*", EtlErrorCode.TableNotFound)]
    [InlineData("a b", EtlErrorCode.InvalidArgument)]
    public async Task An_exclusion_that_would_not_do_what_it_says_is_refused(string excluded, EtlErrorCode code)
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)
            """);
        var pipeline = new Pipeline(scenario.Definition() with { ExcludedTables = [excluded] });
        var error = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.PlanBackfillAsync(new BackfillOptions(), Token));
        Assert.True(code == error.Code, error.Message);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public async Task An_exclusion_that_leaves_nothing_out_is_told_by_a_pipeline_that_goes_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var definition = scenario.Definition() with { ExcludedTables = ["log.*", "\"B c\""] };
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        await new Pipeline(definition).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.Empty(scenario.Warnings);
        await scenario.ExecuteAsync("CREATE TABLE secret (id int PRIMARY KEY)");
        var misspelt = new Pipeline(definition with { ExcludedTables = ["log.*", "\"B c\"", "nothing.*", "secert"] });

        var plan = await misspelt.PlanStreamAsync(new StreamOptions(), Token);
        var check = Assert.Single(
            await misspelt.CheckAsync(new BackfillOptions(), Token),
            c => c is { Name: "ExcludedTables", Status: CheckStatus.Warning });
        await misspelt.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

        Assert.Equal(
            ["-ExcludeTable secert names none of the tables that would be copied: it is misspelt, or that table is "
                + "gone."], scenario.Warnings);
        Assert.Contains(scenario.Warnings.Single(), plan.Warnings);
        Assert.Equal(scenario.Warnings.Single(), check.Evidence);
    }

    [Fact]
    public async Task A_partitioned_table_is_excluded_with_its_partitions()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables + """
            CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)
            """);
        var plan = await new Pipeline(scenario.Definition("*") with { ExcludedTables = ["p"] })
            .PlanBackfillAsync(new BackfillOptions(), Token);
        Assert.Equal(["B c", "a"], plan.Tables.Select(t => t.Source.Name));
    }
}
