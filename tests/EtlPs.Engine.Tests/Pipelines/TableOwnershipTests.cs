using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A copy takes the place of the pipeline's own earlier rows, and of nobody else's table.</summary>
public sealed class TableOwnershipTests(ServerPool pool)
{
    // The first copy of t fails: nothing of it is visible.
    private const string Tables = """
        CREATE TABLE t (id int PRIMARY KEY, price numeric(10,2)); CREATE TABLE other (id int PRIMARY KEY);
        INSERT INTO t VALUES (1, 'NaN'); INSERT INTO other VALUES (1);
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("t", "t")]
    [InlineData("other", "public.\"T\"")]
    public async Task A_name_that_another_pipeline_has_not_shown_yet_is_not_given_away(string table, string name)
    {
        await using var scenario = await CreateAsync();
        var second = new Pipeline(scenario.Definition(table) with
        {
            Name = "second", TableMap = new Dictionary<string, string> { [table] = name },
        });

        var planned = await Assert.ThrowsAsync<EtlException>(
            () => second.PlanBackfillAsync(new BackfillOptions(), Token));
        var refused = await Assert.ThrowsAsync<EtlException>(
            () => second.BackfillAsync(new BackfillOptions(), scenario, Token));

        Assert.Equal(
            (EtlErrorCode.DestinationTableExists, EtlErrorCode.DestinationTableExists), (planned.Code, refused.Code));
        Assert.Contains(scenario.Definition().Name, refused.Message, StringComparison.Ordinal);
        await scenario.Pipeline().ResetAsync(["t"], scenario, Token);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_replaces_no_table_that_is_not_the_pipelines(bool besideStream)
    {
        await using var scenario = await CreateAsync();
        Execute(scenario, "CREATE TABLE public.\"T\" AS SELECT 42 AS mine");
        var pipeline = scenario.Pipeline();
        await using (var stream = besideStream ? await FollowedPipeline.StartAsync(scenario, pipeline) : null)
        {
            var reset = Assert.Single(await pipeline.ResetAsync(["t"], scenario, Token));
            Assert.Equal((TableState.SetAside, EtlErrorCode.DestinationTableExists), (reset.State, reset.Error!.Code));
        }
        Assert.Equal("t", Assert.Single((await scenario.CatchUpAsync()).SetAside).Source.Name);
        Assert.Equal(42, await MineAsync(scenario));

        Execute(scenario, "DROP TABLE public.t");
        await scenario.Pipeline().ResetAsync(["t"], scenario, Token);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_copy_that_waits_to_be_shown_replaces_no_table_that_came_meanwhile()
    {
        await using var scenario = await CreateAsync();
        await scenario.ExecuteAsync("INSERT INTO other VALUES (2)");
        var reset = Assert.Single(await scenario.Pipeline().ResetAsync(["t"], scenario, Token));
        Assert.Equal(TableState.CatchingUp, reset.State);
        Execute(scenario, "CREATE TABLE public.t AS SELECT 42 AS mine");

        var aside = Assert.Single((await scenario.CatchUpAsync()).SetAside);

        Assert.Equal(("t", EtlErrorCode.DestinationTableExists), (aside.Source.Name, aside.Error!.Code));
        Assert.Equal(42, await MineAsync(scenario));
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
    }

    private async Task<Scenario> CreateAsync([System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var scenario = await Scenario.CreateAsync(pool, Tables, test);
        var copied = await scenario.BackfillAsync();
        Assert.Equal(TableState.SetAside, copied.Single(t => t.Source.Name == "t").State);
        await scenario.ExecuteAsync("UPDATE t SET price = 1");
        return scenario;
    }

    /// <summary>As a user does while no run has the file.</summary>
    private static void Execute(Scenario scenario, string statement)
    {
        using var connection = new DuckDBConnection($"DataSource={scenario.File}");
        connection.Open();
        connection.Execute(statement);
    }

    private static async Task<object?> MineAsync(Scenario scenario) =>
        (await scenario.Pipeline().QueryAsync("SELECT mine FROM public.t", Token)).Rows.Single()[0];
}
