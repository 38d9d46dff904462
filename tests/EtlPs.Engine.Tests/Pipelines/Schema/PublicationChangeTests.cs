using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Schema;

/// <summary>
/// Tables that leave a publication and come back, or come new, while a stream runs and while none does.
/// </summary>
public sealed class PublicationChangeTests(ServerPool pool)
{
    private const string Setup = """
        CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE beacon (id int PRIMARY KEY);
        INSERT INTO t SELECT g, g FROM generate_series(1, 9) g;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_leaves_under_a_running_stream_is_set_aside_and_followed_again_when_it_is_back_and_copied_again()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Setup + "CREATE PUBLICATION dba FOR TABLE t, beacon");
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await using (var stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            var aside = new TaskCompletionSource<EtlException>(TaskCreationOptions.RunContinuationsAsynchronously);
            scenario.OnEvent = e =>
            {
                if (e is TableStateChanged { State: TableState.SetAside, Error: { } error }) aside.TrySetResult(error);
            };
            await scenario.ExecuteAsync("ALTER PUBLICATION dba DROP TABLE t; UPDATE t SET v = -v");
            await scenario.ExecuteAsync("INSERT INTO beacon VALUES (1)");
            Assert.Equal(EtlErrorCode.PublicationUnusable, (await aside.Task.WaitAsync(Token)).Code);
            await scenario.ExecuteAsync("ALTER PUBLICATION dba ADD TABLE t; UPDATE t SET v = v + 1");
            Assert.Equal(TableState.Ready, Assert.Single(await pipeline.ResetAsync(["t"], scenario, Token)).State);
            await scenario.ExecuteAsync("UPDATE t SET v = v + 1 WHERE id < 5");
            await stream.StopAsync();
        }
        Assert.Empty(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData("CREATE PUBLICATION dba FOR TABLE t", "ALTER PUBLICATION dba DROP TABLE t",
        "ALTER PUBLICATION dba ADD TABLE t")]
    [InlineData(
        "CREATE PUBLICATION dba FOR TABLES IN SCHEMA public", "ALTER PUBLICATION dba DROP TABLES IN SCHEMA public",
        "ALTER PUBLICATION dba ADD TABLES IN SCHEMA public")]
    [Trait("Since", "15")]
    public async Task A_table_that_was_back_before_anybody_looked_is_set_aside(
        string publication, string leave, string comeBack)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup + publication);
        var pipeline = scenario.PipelineOf("dba", "t");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);
        await scenario.ExecuteAsync(leave);
        await scenario.ExecuteAsync("UPDATE t SET v = -v");
        await scenario.ExecuteAsync(comeBack);

        var aside = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside);

        Assert.Equal(EtlErrorCode.PublicationUnusable, aside.Error!.Code);
        Assert.Contains("put back", aside.Error.Message, StringComparison.Ordinal);
        await pipeline.ResetAsync(["t"], scenario, Token);
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);
        await scenario.AssertSameAsync("SELECT id || ' ' || v FROM t", "SELECT id || ' ' || v FROM public.t");
    }

    [Fact]
    public async Task A_table_that_comes_under_a_running_stream_is_told_and_taken_up_by_the_next_start()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup + "CREATE PUBLICATION dba FOR TABLE beacon");
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await using (var stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            scenario.OnEvent = e =>
            {
                if (e is Milestone { Level: MilestoneLevel.Warning } m
                    && m.Message.Contains("public.t", StringComparison.Ordinal)) told.TrySetResult();
            };
            await scenario.ExecuteAsync("ALTER PUBLICATION dba ADD TABLE t; UPDATE t SET v = -v");
            await scenario.ExecuteAsync("INSERT INTO beacon VALUES (1)");
            await told.Task.WaitAsync(Token);
            await stream.StopAsync();
        }
        await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync("UPDATE t SET v = v + 1 WHERE id < 5");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertEqualAsync();
    }

    private static Task<StreamResult> CatchUpAsync(Pipeline pipeline, Scenario scenario) =>
        pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
}
