using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>A stream that loses its connection goes on from what is stored, or ends saying what happened.</summary>
public sealed class ReconnectionTests(ServerPool pool)
{
    private const string OneTable = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_walsender_that_is_terminated_is_replaced_and_the_stream_goes_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 200));
        await using var stream = LiveStream.Start(scenario);
        await stream.WriteAsync("INSERT INTO orders VALUES (-1)");
        for (var i = 0; i < 3; i++)
        {
            var work = Shop.WorkAsync(scenario.Database, i, 50);
            var told = await stream.LosesConnectionAsync(() => TerminateAsync(scenario));
            Assert.Contains("broke", told, StringComparison.Ordinal);
            Assert.Contains("next try", told, StringComparison.Ordinal);
            await work;
            await stream.WriteAsync($"INSERT INTO orders VALUES ({i} - 100)");
        }
        var result = await stream.StopAsync();
        Assert.Equal(StreamEnd.Stopped, result.EndedBy);
        Assert.True(result.Reconnects >= 3, $"{result.Reconnects}");
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_network_that_is_cut_refused_and_back_is_bridged()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 200));
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        await using var stream = LiveStream.Start(scenario, Through(proxy, scenario));
        await stream.WriteAsync("INSERT INTO orders VALUES (-1)");
        await stream.LosesConnectionAsync(() => Task.Run(proxy.Cut, Token));
        await stream.WriteAsync("INSERT INTO orders VALUES (-2)");

        await stream.LosesConnectionAsync(proxy.FailAsync);
        await Shop.WorkAsync(scenario.Database, 0, 50);
        await stream.NextAsync(e => e is Milestone { Level: MilestoneLevel.Warning } m
            && m.Message.Contains("No Postgres server answers", StringComparison.Ordinal));
        proxy.Serve();
        await stream.WriteAsync("INSERT INTO orders VALUES (-3)");
        await stream.StopAsync();
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_connection_cut_in_mid_transaction_stores_nothing_twice()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE log (v text); "
            + "ALTER TABLE log REPLICA IDENTITY FULL");
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO log SELECT repeat('x', 500) || g FROM generate_series(1, 20000) g");
        await scenario.ExecuteAsync("INSERT INTO t SELECT g, repeat('v', 500) FROM generate_series(1, 60000) g");
        // The cut falls into the transactions that are there already: they are some 40 MB.
        proxy.BytesPerSecond = 20_000_000;
        await using var stream = LiveStream.Start(scenario, Through(proxy, scenario));
        await stream.NextAsync(e => e is StreamProgress { LagBytes: > 0 });
        await stream.LosesConnectionAsync(() => Task.Run(proxy.Cut, Token));
        proxy.BytesPerSecond = 0;
        await stream.WriteAsync("INSERT INTO log VALUES ('end')");
        await stream.StopAsync();
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task After_a_network_cut_the_slot_that_the_old_walsender_still_holds_is_waited_for_and_told()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        // The server never notices by itself; where it does, it takes as long as this setting.
        await scenario.ExecuteAsync($"ALTER DATABASE {scenario.Database.Name} SET wal_sender_timeout = 0");
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        var definition = Through(proxy, scenario) with { LongestSilence = TimeSpan.FromSeconds(2) };
        await using var stream = LiveStream.Start(scenario, definition);
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        var before = await WalSenderAsync(scenario);
        await stream.LosesConnectionAsync(async () =>
        {
            proxy.Swallow();
            await proxy.RefuseAsync();
        });
        var inUse = stream.NextAsync(e => e is Milestone { Level: MilestoneLevel.Warning } m
            && m.Message.Contains($"in use by server process {before}", StringComparison.Ordinal));
        proxy.Serve();
        await inUse;
        await TerminateAsync(scenario);
        await stream.WriteAsync("INSERT INTO t VALUES (3, 'c')");
        await stream.StopAsync();
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_stop_during_a_half_open_connection_ends_soon()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.ExecuteAsync($"ALTER DATABASE {scenario.Database.Name} SET wal_sender_timeout = '2s'");
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        // Whatever ends it, then, is not that the server counts as gone.
        await using var stream = LiveStream.Start(
            scenario, Through(proxy, scenario) with { LongestSilence = TimeSpan.FromMinutes(10) });
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        proxy.Swallow();
        Assert.Equal(StreamEnd.Stopped, (await stream.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), Token)).EndedBy);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_destination_that_takes_longer_than_wal_sender_timeout_loses_nothing()
    {
        var longest = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("ETLPS_TEST_LONG") is null ? 5 : 30);
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.ExecuteAsync($"ALTER DATABASE {scenario.Database.Name} SET wal_sender_timeout = '2s'");
        using var held = new CancellationTokenSource();
        var hold = new FaultAction(FaultPoint.BatchApplied, () => held.Token.WaitHandle.WaitOne(longest));
        await using var stream = LiveStream.Start(scenario, faults: hold);
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await stream.WriteAsync("INSERT INTO t VALUES (3, 'c')");
        Assert.Equal(0, (await stream.StopAsync()).Reconnects);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_server_that_is_restarted_and_one_that_crashes_are_waited_for()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(server, Shop.Create(rows: 200));
        await using var stream = LiveStream.Start(scenario);
        await stream.WriteAsync("INSERT INTO orders VALUES (-1)");
        await stream.LosesConnectionAsync(() => server.StopAsync(ShutdownMode.Fast, Token));
        await server.StartAgainAsync(Token);
        await Shop.WorkAsync(scenario.Database, 0, 50);
        await stream.WriteAsync("INSERT INTO orders VALUES (-2)");

        await stream.LosesConnectionAsync(() => server.KillAsync(Token));
        await server.StartAgainAsync(Token);
        await Shop.WorkAsync(scenario.Database, 1, 50);
        await stream.WriteAsync("INSERT INTO orders VALUES (-3)");
        await stream.StopAsync();
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task The_session_for_catalog_looks_is_opened_anew_when_it_broke()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using var stream = LiveStream.Start(scenario);
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await stream.LosesConnectionAsync(() => scenario.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
            + "pg_backend_pid()"));
        await stream.WriteAsync("INSERT INTO t VALUES (3, 'c')");
        await stream.StopAsync();
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_source_that_does_not_come_back_ends_the_stream_with_what_happened_since_when_and_what_to_do()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        await using var stream = LiveStream.Start(
            scenario, Through(proxy, scenario), new StreamOptions { ReconnectTimeout = TimeSpan.FromSeconds(1) });
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await proxy.FailAsync();
        var error = await Assert.ThrowsAsync<EtlException>(() => stream.Run);
        Assert.Equal(EtlErrorCode.SourceUnreachable, error.Code);
        Assert.Matches("since [0-9-]{10} [0-9:]{8} UTC, in [0-9]+ tries", error.Message);
        Assert.Contains("Start again", error.Remedy, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("-ReconnectTimeout", error.Remedy, StringComparison.Ordinal);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task Without_patience_the_first_loss_ends_the_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using var stream = LiveStream.Start(
            scenario, options: new StreamOptions { ReconnectTimeout = TimeSpan.Zero });
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await TerminateAsync(scenario);
        var error = await Assert.ThrowsAsync<EtlException>(() => stream.Run);
        Assert.Equal(EtlErrorCode.ConnectionLost, error.Code);
        Assert.Empty(scenario.Warnings);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_stop_between_two_tries_ends_the_stream_at_once()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using var proxy = FaultProxy.Start(scenario.Database.Server.Host, scenario.Database.Server.Port);
        await using var stream = LiveStream.Start(scenario, Through(proxy, scenario));
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await stream.LosesConnectionAsync(proxy.FailAsync);
        Assert.Equal(StreamEnd.Stopped, (await stream.StopAsync()).EndedBy);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_password_that_is_wrong_by_now_ends_the_stream_at_once()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        var role = scenario.Database.Name;
        var source = await scenario.Database.Server.CreateRoleAsync(role, "right", "SUPERUSER", role, Token);
        await using var stream = LiveStream.Start(
            scenario, scenario.Definition() with { Source = SourceSettings.Parse(source) });
        await stream.WriteAsync("INSERT INTO t VALUES (2, 'b')");
        await scenario.ExecuteAsync($"ALTER ROLE {role} PASSWORD 'another-canary'");
        await TerminateAsync(scenario);
        var error = await Assert.ThrowsAsync<EtlException>(() => stream.Run);
        Assert.Equal(EtlErrorCode.AuthenticationFailed, error.Code);
        await EndsEqualAsync(scenario);
        await scenario.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
    }

    [Fact]
    public async Task A_catch_up_whose_connection_breaks_ends_where_it_was_to_end()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 200));
        await scenario.BackfillAsync();
        await Shop.WorkAsync(scenario.Database, 0, 300);
        var broken = new FaultAction(FaultPoint.BatchApplied, () => TerminateAsync(scenario).GetAwaiter().GetResult());
        await using var stream = LiveStream.Start(scenario, null, new StreamOptions { UntilCaughtUp = true }, broken);
        Assert.Equal(StreamEnd.CaughtUp, (await stream.Run).EndedBy);
        await scenario.AssertEqualAsync();
    }

    private static PipelineDefinition Through(FaultProxy proxy, Scenario scenario) =>
        scenario.Definition() with { Source = SourceSettings.Parse(proxy.Through(scenario.Database.ConnectionString)) };

    private static Task<int> WalSenderAsync(Scenario scenario) => scenario.ScalarAsync<int>(
        "SELECT active_pid FROM pg_replication_slots WHERE database = current_database() AND active");

    private static Task<bool> TerminateAsync(Scenario scenario) => scenario.ScalarAsync<bool>(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND "
        + "active");

    private static async Task EndsEqualAsync(Scenario scenario)
    {
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }
}
