using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Rows that a stream fetches from the source, since the destination began without them.</summary>
public sealed class FetchTests(ServerPool pool)
{
    private const string Setup = """
        CREATE TABLE t (id int PRIMARY KEY, v int, large text); ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
        INSERT INTO t SELECT g, 0, repeat('l' || g, 3000) FROM generate_series(1, 20) g; CREATE TABLE other (id int PRIMARY KEY);
        """;

    private static readonly StreamOptions FromEmpty = new() { SkipBackfill = true, UntilCaughtUp = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_waits_for_a_lock_to_fetch_rows_stops_when_it_is_told_to(bool byDuration)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.CatchUpAsync(FromEmpty);
        await scenario.ExecuteAsync("UPDATE t SET v = 1 WHERE id < 5");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using (var holder = await OpenTransaction.BeginAsync(scenario.Database))
        {
            await holder.ExecuteAsync("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
            var run = scenario.Pipeline().StreamAsync(
                new StreamOptions { Duration = byDuration ? TimeSpan.FromSeconds(5) : null }, scenario, stop.Token);
            while (!run.IsCompleted && await WaitingAsync(scenario) == 0) await Task.Yield();
            if (!byDuration) await stop.CancelAsync();

            var result = await run.WaitAsync(TimeSpan.FromMinutes(1), Token);

            Assert.Equal(byDuration ? StreamEnd.DurationOver : StreamEnd.Stopped, result.EndedBy);
            Assert.Empty(result.SetAside);
        }

        await scenario.CatchUpAsync(FromEmpty);
        await scenario.AssertSameAsync(
            "SELECT id || '|' || v || large FROM t WHERE v = 1", "SELECT id || '|' || v || large FROM t");
    }

    [Fact]
    public async Task Row_security_that_would_hide_a_row_from_a_fetch_sets_its_table_aside_alone()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, $"{Setup} CREATE PUBLICATION dba FOR TABLE t, other");
        await using var role = await RestrictedRole.CreateAsync(scenario, "t, other");
        var pipeline = role.Pipeline(new NoFaults());
        await pipeline.StreamAsync(FromEmpty, scenario, Token);
        await scenario.ExecuteAsync("""
            CREATE POLICY p ON t USING (id > 5); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
            UPDATE t SET v = 1 WHERE id IN (4, 6); INSERT INTO other VALUES (1)
            """);

        var aside = Assert.Single((await pipeline.StreamAsync(FromEmpty, scenario, Token)).SetAside);

        Assert.Equal(("t", EtlErrorCode.PermissionDenied), (aside.Source.Name, aside.Error!.Code));
        Assert.Contains("BYPASSRLS", aside.Error.Remedy, StringComparison.Ordinal);
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
        await pipeline.RemoveAsync(scenario, Token);
    }

    private static Task<long> WaitingAsync(Scenario scenario) => scenario.ScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND "
        + "query LIKE 'COPY%'");
}
