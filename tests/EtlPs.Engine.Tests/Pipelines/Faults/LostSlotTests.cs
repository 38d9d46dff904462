using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>
/// A slot that is taken away under a running stream, and servers whose past is not the one that was copied.
/// </summary>
public sealed class LostSlotTests(ServerPool pool)
{
    private const string OneTable = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slot_dropped_under_a_stream_ends_it_and_a_restart_copies_anew()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using (var stream = LiveStream.Start(scenario))
        {
            await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
            await DropSlotAsync(scenario);
            await EndsWithAsync(stream, EtlErrorCode.SlotMissing);
        }
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 'c')");
        await RefusedAsync(scenario, EtlErrorCode.SlotMissing);
        await RestartsAsync(scenario);
    }

    [Fact]
    public async Task A_slot_made_again_under_a_stream_is_not_taken_for_the_old_one()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using (var stream = LiveStream.Start(scenario))
        {
            await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
            await DropSlotAsync(scenario);
            await EndsWithAsync(stream, EtlErrorCode.SlotMissing);
        }
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 'nobody streams it')");
        await scenario.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{Slot(scenario)}', 'pgoutput')");
        await RefusedAsync(scenario, EtlErrorCode.DestinationBehindSlot);
        await RestartsAsync(scenario);
    }

    [Fact]
    public async Task A_slot_that_the_server_invalidates_under_a_stream_ends_it_and_a_restart_copies_anew()
    {
        var settings = new Dictionary<string, string>
        {
            ["max_slot_wal_keep_size"] = "1MB", ["max_wal_size"] = "32MB", ["min_wal_size"] = "32MB",
        };
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings = settings }, Token);
        await using var scenario = await Scenario.CreateAsync(server, OneTable);
        using var held = new CancellationTokenSource();
        var hold = new FaultAction(
            Engine.Pipelines.Faults.FaultPoint.BatchApplied,
            () => held.Token.WaitHandle.WaitOne(TimeSpan.FromMinutes(1)));
        await using (var stream = LiveStream.Start(scenario, faults: hold))
        {
            await stream.NextAsync(e => e is Engine.Pipelines.Events.StreamProgress);
            await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'b')");
            for (var i = 0; i < 5; i++) await scenario.ExecuteAsync("SELECT txid_current(), pg_switch_wal()");
            await scenario.ExecuteAsync("CHECKPOINT");
            await held.CancelAsync();
            await EndsWithAsync(stream, EtlErrorCode.SlotLost);
        }
        var refused = await RefusedAsync(scenario, EtlErrorCode.SlotLost);
        Assert.Contains("removed WAL", refused.Message, StringComparison.Ordinal);
        var lag = Assert.Single(await new PostgresSource(scenario.Definition().Source).ReadSlotLagsAsync(Token));
        Assert.Equal(server.Version >= 17 ? "wal_removed" : null, lag.Invalidation);
        Assert.Equal((refused.Remedy, null), (lag.Remedy, lag.RetainedBytes));
        await RestartsAsync(scenario);
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_source_restored_from_an_older_backup_is_refused_at_a_start_and_by_a_running_stream()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(server, OneTable);
        await scenario.BackfillAsync();
        await server.StopAsync(ShutdownMode.Fast, Token);
        var backup = await ServerBackup.TakeAsync(server, Token);
        await server.StartAgainAsync(Token);
        await using (var stream = LiveStream.Start(scenario))
        {
            await stream.WriteAsync("INSERT INTO t SELECT g, 'newer' FROM generate_series(2, 1000) g");
            await stream.LosesConnectionAsync(() => server.StopAsync(ShutdownMode.Fast, Token));
            await backup.RestoreAsync(server, Token);
            await server.StartAgainAsync(Token);
            await scenario.ExecuteAsync("INSERT INTO t VALUES (-1, 'it would be passed over')");
            var error = await EndsWithAsync(stream, EtlErrorCode.SourceChanged);
            Assert.Contains("older backup", error.Message, StringComparison.Ordinal);
        }
        await RefusedAsync(scenario, EtlErrorCode.SourceChanged);
        await RestartsAsync(scenario);
    }

    [Fact]
    public async Task A_promoted_standby_that_has_the_slot_and_all_that_is_stored_is_followed()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(server, OneTable);
        await using var stream = LiveStream.Start(scenario);
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await stream.LosesConnectionAsync(async () =>
        {
            await server.StopAsync(ShutdownMode.Fast, Token);
            ServerBackup.MakeStandby(server);
            await server.StartAgainAsync(Token);
            await server.ScalarAsync<bool>("postgres", "SELECT pg_promote()", Token);
        });
        await stream.WriteAsync("INSERT INTO t VALUES (3, 'c')");
        await stream.StopAsync();
        Assert.Contains(scenario.Events, e => e is Engine.Pipelines.Events.Milestone m
            && m.Message.Contains("timeline 2", StringComparison.Ordinal));
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_promoted_standby_that_lacks_what_is_stored_is_refused_even_when_it_has_written_past_it()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(server, OneTable);
        await scenario.BackfillAsync();
        await server.StopAsync(ShutdownMode.Fast, Token);
        var behind = await ServerBackup.TakeAsync(server, Token);
        await server.StartAgainAsync(Token);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'lost at the failover')");
        var stored = (await scenario.CatchUpAsync()).Position;
        await server.StopAsync(ShutdownMode.Fast, Token);
        await behind.RestoreAsync(server, Token);
        ServerBackup.MakeStandby(server);
        await server.StartAgainAsync(Token);
        await server.ScalarAsync<bool>("postgres", "SELECT pg_promote()", Token);
        await scenario.ExecuteAsync("INSERT INTO t SELECT g, 'of the new timeline' FROM generate_series(3, 5000) g");
        Assert.True(stored < Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text")));

        var error = await RefusedAsync(scenario, EtlErrorCode.SourceChanged);
        Assert.Contains("left timeline 1 at", error.Message, StringComparison.Ordinal);
        await RestartsAsync(scenario);
    }

    [Theory]
    [InlineData("1\t0/3000148\tno recovery target specified\n", "0/3000148")]
    [InlineData("1\t0/3000148\tbefore 2000-01-01\n\n2\t1/0\tno recovery target specified\n", "0/3000148")]
    [InlineData("2\t1/0\tno recovery target specified\n", null)]
    [InlineData("# a comment\n11\t1/0\t\n", null)]
    [InlineData("", null)]
    public void The_switch_point_of_a_timeline_is_read_from_its_history(string history, string? expected) =>
        Assert.Equal(expected, Engine.Postgres.Replication.TimelineSwitch.Read(history, 1)?.ToString());

    private static string Slot(Scenario scenario) => scenario.Definition().EffectiveSlotName;

    private static async Task DropSlotAsync(Scenario scenario)
    {
        while (await scenario.ScalarAsync<bool>(
            $"SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '{Slot(scenario)}')"))
            try
            {
                await scenario.ExecuteAsync($"""
                    DO $$ BEGIN
                        PERFORM pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots
                            WHERE slot_name = '{Slot(scenario)}';
                        PERFORM pg_drop_replication_slot('{Slot(scenario)}');
                    END $$
                    """);
            }
            catch (Npgsql.PostgresException e) when (e.SqlState == "55006")
            {
                // The stream was faster; once more.
            }
    }

    private static async Task<EtlException> EndsWithAsync(LiveStream stream, EtlErrorCode code)
    {
        var error = await Assert.ThrowsAsync<EtlException>(() => stream.Run);
        Assert.True(code == error.Code, $"{error.Code}: {error.Message}");
        Assert.NotEmpty(error.Remedy);
        return error;
    }

    private static async Task<EtlException> RefusedAsync(Scenario scenario, EtlErrorCode code)
    {
        var planned = await Assert.ThrowsAsync<EtlException>(
            () => scenario.Pipeline().PlanStreamAsync(new StreamOptions(), Token));
        Assert.Equal(code, planned.Code);
        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.CatchUpAsync());
        Assert.True(code == error.Code, $"{error.Code}: {error.Message}");
        Assert.Contains("-Restart", error.Remedy, StringComparison.Ordinal);
        return error;
    }

    private static async Task RestartsAsync(Scenario scenario)
    {
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }
}
