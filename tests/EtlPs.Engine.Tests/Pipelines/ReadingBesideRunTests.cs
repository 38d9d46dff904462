using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

public sealed class ReadingBesideRunTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queries_at_the_moment_that_a_run_opens_the_file_break_neither()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        await scenario.BackfillAsync();
        var pipeline = scenario.Pipeline();
        for (var round = 0; round < 5; round++)
        {
            var run = pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
            var queries = 0;
            while (!run.IsCompleted || queries == 0)
            {
                try
                {
                    Assert.Equal(1, (await pipeline.QueryAsync("SELECT id FROM t", Token)).Rows[0][0]);
                }
                catch (EtlException e) when (e.Code == EtlErrorCode.QueryFailed)
                {
                    // The run whose instance it used ended under it, and it says so.
                    Assert.Contains("ended", e.Message, StringComparison.Ordinal);
                }
                Assert.NotNull(await pipeline.ReadStatusAsync(Token));
                queries++;
            }
            Assert.Equal(StreamEnd.CaughtUp, (await run).EndedBy);
        }
    }
}
