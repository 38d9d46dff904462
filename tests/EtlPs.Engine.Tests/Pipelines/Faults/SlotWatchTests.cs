using System.Globalization;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>A slot that comes into danger while tables are copied, on servers that keep little WAL for it.</summary>
public sealed class SlotWatchTests(ServerPool pool)
{
    private const string TwoTables =
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (id int PRIMARY KEY); "
        + "INSERT INTO u VALUES (1)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slot_running_out_of_room_in_mid_copy_is_warned_of_once_with_numbers_and_the_copy_goes_on()
    {
        await using var server = await StartServerAsync("64MB");
        await using var scenario = await Scenario.CreateAsync(server, TwoTables);
        using var warned = new ManualResetEventSlim();
        scenario.OnEvent = e =>
        {
            if (IsWarning(e, "after")) warned.Set();
        };
        var hold = new FaultAction(FaultPoint.RangeAppended, () =>
        {
            WriteWalAsync(scenario, segments: 3).GetAwaiter().GetResult();
            Assert.True(warned.Wait(TimeSpan.FromMinutes(1), Token));
        });
        await scenario.Pipeline(hold).BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        var warning = Assert.Single(scenario.Events, e => e is Milestone { Level: MilestoneLevel.Warning });
        Assert.Matches(@"keeps \d+.* MB of WAL.*after \d+.* MB more.*64 MB", ((Milestone)warning).Message);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_slot_about_to_be_lost_in_mid_copy_is_warned_of_and_a_raised_limit_saves_it()
    {
        await using var server = await StartServerAsync("16MB", checkpointAfter: "1GB");
        await using var scenario = await Scenario.CreateAsync(server, TwoTables);
        using var warned = new ManualResetEventSlim();
        scenario.OnEvent = e =>
        {
            if (IsWarning(e, "next checkpoint")) warned.Set();
        };
        var hold = new FaultAction(FaultPoint.RangeAppended, () =>
        {
            WriteWalAsync(scenario, segments: 4).GetAwaiter().GetResult();
            Assert.True(warned.Wait(TimeSpan.FromMinutes(1), Token));
            scenario.ExecuteAsync("ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'").GetAwaiter().GetResult();
            scenario.ExecuteAsync("SELECT pg_reload_conf()").GetAwaiter().GetResult();
            while (scenario.ScalarAsync<string>("SHOW max_slot_wal_keep_size").GetAwaiter().GetResult() != "1GB")
                Thread.Yield();
            scenario.ExecuteAsync("CHECKPOINT").GetAwaiter().GetResult();
        });
        await scenario.Pipeline(hold).BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        Assert.Single(scenario.Events, e => IsWarning(e, "next checkpoint"));
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2)");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slot_lost_in_mid_copy_stops_it_at_once_and_a_restart_copies_anew(bool streams)
    {
        await using var server = await StartServerAsync("1MB");
        await using var scenario = await Scenario.CreateAsync(server, TwoTables);
        var error = await StoppedAsync(scenario, streams, async () =>
        {
            await WriteWalAsync(scenario, segments: 5);
            await scenario.ExecuteAsync("CHECKPOINT");
        });
        Assert.Equal((EtlErrorCode.SlotLost, scenario.Definition().EffectiveSlotName), (error.Code, error.Subject));
        Assert.Contains("max_slot_wal_keep_size", error.Remedy, StringComparison.Ordinal);
        await RestartsAsync(scenario);
    }

    [Fact]
    public async Task A_slot_dropped_in_mid_copy_stops_it_at_once()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwoTables);
        var error = await StoppedAsync(scenario, streams: false, () => scenario.ExecuteAsync(
            $"SELECT pg_drop_replication_slot('{scenario.Definition().EffectiveSlotName}')"));
        Assert.Equal(EtlErrorCode.SlotMissing, error.Code);
        await RestartsAsync(scenario);
    }

    [Fact]
    public async Task A_source_that_keeps_wal_without_a_limit_is_warned_of_by_the_plan_and_by_the_first_start_only()
    {
        await using var server = await StartServerAsync("-1");
        await using var scenario = await Scenario.CreateAsync(server, TwoTables);
        Assert.Contains((await scenario.Pipeline().PlanStreamAsync(new StreamOptions(), Token)).Warnings, IsAboutLimit);
        Assert.Contains(
            (await scenario.Pipeline().PlanBackfillAsync(new BackfillOptions(), Token)).Warnings, IsAboutLimit);
        Assert.DoesNotContain(
            (await scenario.Pipeline().PlanBackfillAsync(new BackfillOptions { SnapshotOnly = true }, Token)).Warnings,
            IsAboutLimit);
        await scenario.BackfillAsync();
        Assert.Single(scenario.Events, e => IsWarning(e, "max_slot_wal_keep_size"));
        var definition = scenario.Definition();
        var lags = await new PostgresSource(definition.Source).ReadSlotLagsAsync(Token);
        Assert.Null(lags.Single(lag => lag.SlotName == definition.EffectiveSlotName).SafeWalSize);
        scenario.Events.Clear();
        await scenario.CatchUpAsync();
        Assert.DoesNotContain(scenario.Events, e => IsWarning(e, ""));
    }

    private static bool IsAboutLimit(string warning) =>
        warning.Contains("max_slot_wal_keep_size", StringComparison.Ordinal);

    private static bool IsWarning(PipelineEvent e, string text) =>
        e is Milestone { Level: MilestoneLevel.Warning } m && m.Message.Contains(text, StringComparison.Ordinal);

    private static Task<PostgresServer> StartServerAsync(string keep, string checkpointAfter = "32MB") =>
        PostgresServer.StartAsync(
            new PostgresServerOptions
            {
                Settings = new Dictionary<string, string>
                {
                    ["max_slot_wal_keep_size"] = keep, ["max_wal_size"] = checkpointAfter, ["min_wal_size"] = "32MB",
                        ["checkpoint_timeout"] = "1h",
                },
            },
            Token);

    private static async Task WriteWalAsync(Scenario scenario, int segments)
    {
        for (var i = 0; i < segments; i++)
            await scenario.ExecuteAsync(
                string.Create(CultureInfo.InvariantCulture, $"SELECT txid_current(), pg_switch_wal(), {i}"));
    }

    /// <summary>
    /// Breaks the slot when the first table is copied; the copy of the second would wait for a lock that is held all
    /// the time.
    /// </summary>
    private static async Task<EtlException> StoppedAsync(Scenario scenario, bool streams, Func<Task> fault)
    {
        await using var locker = await OpenTransaction.BeginAsync(scenario.Database);
        var broken = new FaultAction(FaultPoint.RangeAppended, () =>
        {
            locker.ExecuteAsync("LOCK TABLE u IN ACCESS EXCLUSIVE MODE").GetAwaiter().GetResult();
            fault().GetAwaiter().GetResult();
        });
        var pipeline = scenario.Pipeline(broken);
        return await Assert.ThrowsAsync<EtlException>(async () =>
        {
            if (streams) await pipeline.StreamAsync(new StreamOptions { Workers = 1 }, scenario, Token);
            else await pipeline.BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        });
    }

    private static async Task RestartsAsync(Scenario scenario)
    {
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }
}
