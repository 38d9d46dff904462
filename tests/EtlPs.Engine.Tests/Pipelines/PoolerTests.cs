using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Poolers;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A connection pooler in the server's place is noticed before anything is made.</summary>
public sealed class PoolerTests(ServerPool pool)
{
    // As pgbouncer is set up where drivers send options: it passes over what it cannot give every session.
    private static readonly string[] Lenient = ["options", "extra_float_digits"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_pooler_of_these_tests_gives_each_transaction_another_session()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int)");
        await using var pooler = await TransactionPooler.StartAsync(scenario.Database.ConnectionString, Lenient);
        await using var connection = new NpgsqlConnection(pooler.Through(scenario.Database.ConnectionString));
        await connection.OpenAsync(Token);

        var pids = new List<int> { await PidAsync(connection), await PidAsync(connection) };
        await using (var transaction = await connection.BeginTransactionAsync(Token))
        {
            pids.Add(await PidAsync(connection));
            pids.Add(await PidAsync(connection));
        }

        Assert.NotEqual(pids[0], pids[1]);
        Assert.Equal(pids[2], pids[3]);
        Assert.DoesNotContain(connection.ProcessID, pids);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pooler_fails_its_check_with_what_gave_it_away_and_what_to_do(bool lenient)
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await using var pooler = await TransactionPooler.StartAsync(
            scenario.Database.ConnectionString, lenient ? Lenient : []);

        var checks = await Through(pooler, scenario).CheckAsync(new BackfillOptions(), Token);

        var check = Assert.Single(checks, c => c.Status == CheckStatus.Failed);
        Assert.Equal(("NoPooler", EtlErrorCode.PoolerInBetween), (check.Name, check.Code));
        Assert.Contains(lenient ? "one session runs now in one process"
            : "startup parameter: ", check.Evidence, StringComparison.Ordinal);
        Assert.Contains("own host and port", check.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_starts_through_a_pooler_and_nothing_is_left(bool lenient)
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await using var pooler = await TransactionPooler.StartAsync(
            scenario.Database.ConnectionString, lenient ? Lenient : []);
        var pipeline = Through(pooler, scenario);

        await RefusedAsync(() => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        await RefusedAsync(() => pipeline.BackfillAsync(new BackfillOptions { SnapshotOnly = true }, scenario, Token));
        await RefusedAsync(() => pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token));
        await RefusedAsync(() => pipeline.PlanBackfillAsync(new BackfillOptions(), Token));

        Assert.Equal(0L, await scenario.ScalarAsync<long>(
            "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) + (SELECT count(*) "
            + "FROM pg_publication)"));
        Assert.False(File.Exists(scenario.File));
    }

    [Fact]
    public async Task A_stream_is_refused_through_a_pooler_that_was_put_before_its_server_later()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2)");
        await using (var pooler = await TransactionPooler.StartAsync(scenario.Database.ConnectionString, Lenient))
            await RefusedAsync(() => Through(pooler, scenario)
                .StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token));

        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_pool_that_gives_a_session_the_process_that_was_used_last_is_told_by_a_second_session()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        // As for a role whose settings are those that we begin with.
        await scenario.ExecuteAsync($"""
            ALTER DATABASE "{scenario.Database.Name}" SET extra_float_digits = 3;
            ALTER DATABASE "{scenario.Database.Name}" SET row_security = off
            """);
        await using var pooler = await TransactionPooler.StartAsync(
            scenario.Database.ConnectionString, serverConnections: 1, Lenient);

        var check = Assert.Single(
            await Through(pooler, scenario).CheckAsync(new BackfillOptions { SnapshotOnly = true }, Token),
            c => c.Status == CheckStatus.Failed);

        Assert.Equal("NoPooler", check.Name);
        Assert.Contains("two sessions that are open at once", check.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_before_each_session_that_makes_up_its_process_is_no_pooler_and_copies_and_streams()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
        await using var proxy = await SessionProxy.StartAsync(scenario.Database.ConnectionString);
        await using (var connection = new NpgsqlConnection(proxy.Through(scenario.Database.ConnectionString)))
        {
            await connection.OpenAsync(Token);
            Assert.NotEqual(connection.ProcessID, await PidAsync(connection));
        }
        var pipeline = new Pipeline(
            scenario.Definition() with { Source =
                SourceSettings.Parse(proxy.Through(scenario.Database.ConnectionString)) });

        var checks = await pipeline.CheckAsync(new BackfillOptions(), Token);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("UPDATE t SET v = 'b'; INSERT INTO t VALUES (2, 'c')");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

        Assert.Equal(CheckStatus.Passed, checks.Single(c => c.Name == "NoPooler").Status);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_proxy_that_keeps_back_the_settings_of_a_session_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await using var proxy = await SessionProxy.StartAsync(scenario.Database.ConnectionString, dropsOptions: true);
        var pipeline = new Pipeline(
            scenario.Definition() with { Source =
                SourceSettings.Parse(proxy.Through(scenario.Database.ConnectionString)) });

        var error = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));

        Assert.Equal(EtlErrorCode.PoolerInBetween, error.Code);
        Assert.Contains("settings that a session begins with", error.Message, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(Func<Task> run) =>
        Assert.Equal(EtlErrorCode.PoolerInBetween, (await Assert.ThrowsAsync<EtlException>(run)).Code);

    private static Pipeline Through(TransactionPooler pooler, Scenario scenario) => new(
        scenario.Definition() with { Source =
            SourceSettings.Parse(pooler.Through(scenario.Database.ConnectionString)) });

    private static async Task<int> PidAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(Token))!;
    }
}
