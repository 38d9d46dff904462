using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>
/// Postgres 18 drops slots that nobody uses (idle_replication_slot_timeout); before, a slot is left alone however long
/// it idles.
/// </summary>
public sealed class IdleSlotTests
{
    private const string OneTable = "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slot_that_idled_too_long_is_told_with_its_cause_everywhere_and_a_restart_copies_anew()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(server, OneTable);
        await scenario.BackfillAsync();
        var dropsIdleSlots = await SetIdleTimeoutAsync(server, "1s");
        var idle = Of(await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token), "IdleTimeouts");
        Assert.Equal(dropsIdleSlots ? CheckStatus.Warning : CheckStatus.Passed, idle.Status);
        Assert.Equal(dropsIdleSlots, idle.Evidence.Contains("idle_replication_slot_timeout", StringComparison.Ordinal));
        if (!dropsIdleSlots)
        {
            Assert.Null((await LagAsync(scenario)).IdleTimeout);
            return;
        }

        while ((await LagAsync(scenario)).WalStatus != "lost") await scenario.ExecuteAsync("CHECKPOINT");

        var lag = await LagAsync(scenario);
        var slot = Assert.Single(await new PostgresSource(scenario.Definition().Source).ReadSlotsAsync(Token));
        Assert.Equal(("idle_timeout", null, null), (lag.Invalidation, lag.RetainedBytes, lag.TimeLeft));
        Assert.Equal(("lost", "idle_timeout", null), (slot.WalStatus, slot.Invalidation, slot.RetainedBytes));
        Assert.All([lag.Remedy, slot.Remedy], Advises);
        var check = Of(await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token), "Slot");
        Assert.Equal((CheckStatus.Failed, EtlErrorCode.SlotLost), (check.Status, check.Code));
        Assert.Contains("idle_timeout", check.Evidence, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<EtlException>(() => scenario.CatchUpAsync());
        Assert.Equal((check.Evidence, check.Remedy), (refused.Message, refused.Remedy));
        // Lost right after the look: the walsender itself refuses.
        var connector = new PostgresConnector(scenario.Definition().Source);
        await using (var channel = await ReplicationChannel.OpenAsync(
            connector, slot.Name, scenario.Definition().EffectivePublication, ValueFormat.Binary,
            slot.ConfirmedFlushLsn!.Value, Token))
        {
            var late = await Assert.ThrowsAsync<EtlException>(async () => await channel.MoveNextAsync());
            Assert.Equal(EtlErrorCode.SlotLost, late.Code);
            Assert.Contains("-Restart", late.Remedy, StringComparison.Ordinal);
        }

        await SetIdleTimeoutAsync(server, "0");
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_slot_does_not_idle_while_its_tables_are_copied()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(server, OneTable);
        // A third of it, and the watch comes by every two seconds.
        await SetIdleTimeoutAsync(server, "20s");
        var hold = new FaultAction(
            FaultPoint.RangeAppended, () => SlotIsUsedAsync(scenario, server).GetAwaiter().GetResult());

        await scenario.Pipeline(hold).BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);

        await scenario.ExecuteAsync("INSERT INTO t VALUES (2)");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    private static async Task SlotIsUsedAsync(Scenario scenario, PostgresServer server)
    {
        if (server.Version < 18) return;
        const string Since = "SELECT inactive_since::text FROM pg_replication_slots WHERE NOT active AND NOT temporary";
        var begun = await scenario.ScalarAsync<string>(Since);
        while (await scenario.ScalarAsync<string>(Since) == begun) await Task.Yield();
    }

    private static void Advises(string? remedy)
    {
        Assert.Contains("-Restart", remedy, StringComparison.Ordinal);
        Assert.Contains("idle_replication_slot_timeout", remedy, StringComparison.Ordinal);
    }

    /// <returns>Whether the server knows it.</returns>
    private static async Task<bool> SetIdleTimeoutAsync(PostgresServer server, string value)
    {
        if (server.Version < 18) return false;
        await server.ExecuteAsync("postgres", $"ALTER SYSTEM SET idle_replication_slot_timeout = '{value}'", Token);
        await server.ExecuteAsync("postgres", "SELECT pg_reload_conf()", Token);
        while (await server.ScalarAsync<string>("postgres", "SHOW idle_replication_slot_timeout", Token) != value)
            await Task.Yield();
        return true;
    }

    private static async Task<SlotLag> LagAsync(Scenario scenario) =>
        Assert.Single(await new PostgresSource(scenario.Definition().Source).ReadSlotLagsAsync(Token));

    private static PipelineCheck Of(IReadOnlyList<PipelineCheck> checks, string name) =>
        Assert.Single(checks, c => c.Name == name);
}
