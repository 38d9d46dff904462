using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using EtlPs.Engine.Tests.Pipelines.Faults;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Slots that standbys keep a copy of, from Postgres 17 on; on an older server they are refused.</summary>
public sealed class FailoverSlotTests(ServerPool pool)
{
    private const string Table =
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'copied' FROM generate_series(1, 100) g";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slot_is_made_for_failover_where_that_is_asked_for_and_not_otherwise()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        var asked = new Pipeline(scenario.Definition() with { FailoverSlot = true });
        if (scenario.Database.Server.Version < 17)
        {
            await AssertRefusedAsync(scenario, asked);
            return;
        }

        var plan = await asked.PlanBackfillAsync(new BackfillOptions(), Token);
        var check = (await asked.CheckAsync(new BackfillOptions(), Token)).Single(c => c.Name == "FailoverSlot");
        await asked.BackfillAsync(new BackfillOptions(), scenario, Token);
        var made = await FailoverAsync(scenario);
        await scenario.BackfillAsync(new BackfillOptions { Restart = true });

        Assert.Contains(plan.Effects,
            e => e.Statement?.EndsWith("LOGICAL pgoutput (FAILOVER true)", StringComparison.Ordinal) == true);
        Assert.Equal(CheckStatus.Passed, check.Status);
        Assert.Equal((true, false), (made, await FailoverAsync(scenario)));
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task The_slot_of_a_pipeline_that_goes_on_is_changed_once_and_never_back()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        await scenario.BackfillAsync();
        var asked = new Pipeline(scenario.Definition() with { FailoverSlot = true });
        if (scenario.Database.Server.Version < 17)
        {
            await AssertRefusedAsync(scenario, asked);
            await scenario.CatchUpAsync();
            return;
        }
        await scenario.ExecuteAsync("INSERT INTO t VALUES (1001, 'before')");

        var plan = await asked.PlanStreamAsync(new StreamOptions(), Token);
        await asked.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        var changed = await FailoverAsync(scenario);
        var again = await asked.PlanStreamAsync(new StreamOptions(), Token);
        await scenario.CatchUpAsync();

        var statement = $"ALTER_REPLICATION_SLOT {asked.Definition.EffectiveSlotName} (FAILOVER true)";
        Assert.Equal((1, 0), (plan.Effects.Count(e => e.Statement == statement),
            again.Effects.Count(e => e.Statement == statement)));
        Assert.Equal((true, true), (changed, await FailoverAsync(scenario)));
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task After_a_failover_to_a_standby_that_keeps_the_slot_the_stream_goes_on_and_loses_nothing()
    {
        await using var primary = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(primary, Table);
        var definition = scenario.Definition() with { FailoverSlot = true };
        if (primary.Version < 17)
        {
            await AssertRefusedAsync(scenario, new Pipeline(definition));
            return;
        }
        await primary.ExecuteAsync("postgres", "SELECT pg_create_physical_replication_slot('standby', true)", Token);
        await primary.StopAsync(ShutdownMode.Fast, Token);
        await using var standby = await PostgresServer.StartStandbyAsync(primary, Token, new Dictionary<string, string>
        {
            ["primary_conninfo"] = $"host=127.0.0.1 port={primary.Port} user={primary.SuperUser} dbname=postgres",
            ["primary_slot_name"] = "standby",
            ["hot_standby_feedback"] = "on",
            ["sync_replication_slots"] = "on",
            ["wal_retrieve_retry_interval"] = "100ms",
        });
        await primary.StartAgainAsync(Token);
        // Not before the copy, which would have it too: once promoted it would wait for a standby of its own.
        await primary.ExecuteAsync("postgres", "ALTER SYSTEM SET synchronized_standby_slots = 'standby'", Token);
        await primary.ExecuteAsync("postgres", "SELECT pg_reload_conf()", Token);

        var before = await WriteUntilKeptAsync(scenario, definition, standby);
        await primary.KillAsync(Token);
        await standby.ScalarAsync<bool>("postgres", "SELECT pg_promote()", Token);
        await standby.ExecuteAsync(
            scenario.Database.Name,
            "INSERT INTO t VALUES (100001, 'after'); UPDATE t SET v = 'after' WHERE id <= 50; "
            + "DELETE FROM t WHERE id = 60", Token);
        var there = new Pipeline(
            definition with { Source = SourceSettings.Parse(standby.ConnectionString(scenario.Database.Name)) });
        var result = await there.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

        Assert.True(before > 0);
        Assert.Empty(result.Backfilled);
        Assert.Empty(await TableComparison.DifferencesAsync(
            standby.ConnectionString(scenario.Database.Name), scenario.File, Token));
        // The scenario's own database is dropped at its end.
        await primary.StartAgainAsync(Token);
    }

    /// <summary>
    /// Streams and writes at the primary until the standby has a copy of the slot that outlives a promotion.
    /// </summary>
    private static async Task<int> WriteUntilKeptAsync(
        Scenario scenario, PipelineDefinition definition, PostgresServer standby)
    {
        await using var stream = LiveStream.Start(scenario, definition);
        var written = 0;
        await Eventually.IsTrueAsync(
            async () =>
            {
                await stream.WriteAsync($"INSERT INTO t VALUES ({1001 + written++}, 'streamed')");
                return await standby.ScalarAsync<bool>(
                    "postgres", "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE synced AND NOT temporary)",
                    Token);
            },
            stream.Run, Token);
        // What is written now is in the WAL that the standby has, and perhaps not in the copy yet.
        await stream.WriteAsync("INSERT INTO t SELECT g, 'last' FROM generate_series(50001, 50100) g");
        await stream.StopAsync();
        return written;
    }

    private static async Task AssertRefusedAsync(Scenario scenario, Pipeline pipeline)
    {
        var error = await Assert.ThrowsAsync<EtlException>(() => pipeline.PlanStreamAsync(new StreamOptions(), Token));
        var check = (await pipeline.CheckAsync(new BackfillOptions(), Token)).Single(c => c.Name == "FailoverSlot");
        Assert.Equal((EtlErrorCode.ServerTooOld, CheckStatus.Failed), (error.Code, check.Status));
        Assert.Contains("-FailoverSlot", error.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(
            await new PostgresSource(scenario.Definition().Source).ReadSlotsAsync(Token), s => s.Failover);
    }

    private static async Task<bool> FailoverAsync(Scenario scenario) =>
        (await new PostgresSource(scenario.Definition().Source).ReadSlotsAsync(Token))
        .Single(s => s.Name == scenario.Definition().EffectiveSlotName).Failover;
}
