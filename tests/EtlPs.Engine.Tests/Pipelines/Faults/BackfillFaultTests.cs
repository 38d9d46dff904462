using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>A backfill that loses connections copies again what was not stored.</summary>
public sealed class BackfillFaultTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_whose_session_is_terminated_is_made_again_under_the_same_snapshot()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 2000));
        var broken = 0;
        scenario.OnEvent = e =>
        {
            // The session has the table locked and is about to copy it.
            if (e is TableStateChanged { State: TableState.Copying } && Interlocked.Increment(ref broken) == 2)
                scenario.ExecuteAsync("""
                    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                    WHERE datname = current_database() AND query LIKE 'SELECT c.relfilenode%'
                    """).GetAwaiter().GetResult();
        };
        var results = await BackfillAsync(scenario, () => Task.CompletedTask);
        Assert.All(results, r => Assert.True(r.Copied));
        Assert.Single(results.Select(r => r.CopiedAt).Distinct());
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_copy_whose_snapshot_went_with_its_keeper_is_made_under_a_new_one()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 2000));
        var results = await BackfillAsync(scenario, async () =>
        {
            await scenario.ExecuteAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                + "pg_backend_pid()");
            await Shop.WorkAsync(scenario.Database, 0, 50);
        });
        Assert.All(results, r => Assert.True(r.Copied));
        Assert.Equal(2, results.Select(r => r.CopiedAt).Distinct().Count());
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_keeper_alone_that_is_lost_sets_no_table_aside()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 2000));
        var results = await BackfillAsync(scenario, () => scenario.ExecuteAsync("""
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE datname = current_database() AND query = 'SELECT 1'
            """));
        Assert.All(results, r => Assert.True(r.Copied, $"{r.Source}: {r.State} {r.Error?.Message}"));
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_backfill_whose_source_does_not_come_back_ends_with_what_happened()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 2000));
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        var cut = new FaultAction(FaultPoint.RangeAppended, () => proxy.FailAsync().GetAwaiter().GetResult());
        var definition = scenario.Definition() with { Source =
            SourceSettings.Parse(proxy.Through(scenario.Database.ConnectionString)) };
        var error = await Assert.ThrowsAsync<EtlException>(() => new Pipeline(definition, cut).BackfillAsync(
            new BackfillOptions { ReconnectTimeout = TimeSpan.FromSeconds(1) }, scenario, Token));
        Assert.Equal(EtlErrorCode.SourceUnreachable, error.Code);
        Assert.Contains("UTC, in", error.Message, StringComparison.Ordinal);
        await EndsEqualAsync(scenario);
    }

    /// <summary>Breaks something when the first table's rows are appended; the others are not begun then.</summary>
    private static async Task<IReadOnlyList<TableCopyResult>> BackfillAsync(Scenario scenario, Func<Task> fault)
    {
        var hook = new FaultAction(FaultPoint.RangeAppended, () => fault().GetAwaiter().GetResult());
        var results = await scenario.Pipeline(hook).BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        Assert.Contains(scenario.Events, e => e is Milestone { Level: MilestoneLevel.Warning });
        return results;
    }

    private static async Task EndsEqualAsync(Scenario scenario)
    {
        await Shop.WorkAsync(scenario.Database, 1, 50);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }
}
