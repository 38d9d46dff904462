using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>The order in which transactions arrive, and what of each.</summary>
public sealed class CommitOrderTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Transactions_that_overlap_arrive_in_the_order_of_their_commits()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await using var first = await scenario.Database.OpenAsync(Token);
        await using var older = await first.BeginTransactionAsync(Token);
        await using (var insert =
            new Npgsql.NpgsqlCommand("INSERT INTO t VALUES (1)", first)) await insert.ExecuteNonQueryAsync(Token);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2)");
        var between = Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_insert_lsn()::text"));
        await older.CommitAsync(Token);
        await scenario.ExecuteAsync("DELETE FROM t WHERE id = 2");

        await scenario.CatchUpAsync(new StreamOptions { UntilLsn = between });
        var rows = await scenario.Pipeline().QueryAsync("SELECT id FROM public.t", Token);
        Assert.Equal([2], rows.Rows.Select(r => r[0]));
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public Task A_savepoint_that_was_rolled_back_leaves_nothing() => RowImageScenario.AssertFollowedAsync(
        pool,
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 9) g",
        Grouping.StreamEach,
        """
        BEGIN; INSERT INTO t VALUES (10, 'kept');
        SAVEPOINT a; UPDATE t SET v = 'lost' WHERE id < 5; SAVEPOINT b; DELETE FROM t WHERE id = 10; ROLLBACK TO b;
        INSERT INTO t VALUES (11, 'lost too'); ROLLBACK TO a;
        UPDATE t SET v = 'changed' WHERE id = 2; SAVEPOINT c; DELETE FROM t WHERE id = 3; RELEASE c; COMMIT
        """);
}
