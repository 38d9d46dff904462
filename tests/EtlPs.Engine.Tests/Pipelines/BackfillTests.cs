using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

public sealed class BackfillTests(ServerPool pool)
{
    [Fact]
    public async Task Twenty_tables_and_a_hundred_thousand_rows_are_copied_equal()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwentyTables.Create(rowsEach: 5000));
        var results = await scenario.BackfillAsync();
        Assert.Equal(20, results.Count);
        Assert.All(results, r => Assert.Equal(TableState.Ready, r.State));
        Assert.Equal(100_000, results.Sum(r => r.Rows));
        Assert.All(results, r => Assert.True(r.CopiedAt.IsKnown));
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Copies_have_neither_indexes_nor_constraints()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL UNIQUE CHECK (v > 0))");
        await scenario.BackfillAsync();
        var found = await scenario.Pipeline().QueryAsync(
            "SELECT index_name FROM duckdb_indexes() WHERE schema_name = 'public' "
            + "UNION ALL SELECT constraint_text FROM duckdb_constraints() WHERE schema_name = 'public'",
            TestContext.Current.CancellationToken);
        Assert.Empty(found.Rows);
    }

    [Fact]
    public async Task Finished_tables_are_not_copied_again()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwentyTables.Create(rowsEach: 10));
        await scenario.BackfillAsync();
        var again = await scenario.BackfillAsync();
        Assert.All(again, r => Assert.False(r.Copied));
        Assert.All(again, r => Assert.Equal(10, r.Rows));
    }

    [Fact]
    public async Task A_restart_copies_anew()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwentyTables.Create(rowsEach: 10));
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("DELETE FROM t1");
        var again = await scenario.BackfillAsync(new BackfillOptions { Restart = true });
        Assert.All(again, r => Assert.True(r.Copied));
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_snapshot_alone_makes_neither_slot_nor_publication()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwentyTables.Create(rowsEach: 10));
        var results = await scenario.BackfillAsync(new BackfillOptions { SnapshotOnly = true });
        Assert.All(results, r => Assert.Equal(Lsn.Zero, r.CopiedAt));
        Assert.Equal(0L, await scenario.ScalarAsync<long>(
            "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) + (SELECT count(*) "
            + "FROM pg_publication)"));
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_snapshot_alone_leaves_a_slot_of_the_same_name_to_its_owner()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('{scenario.Pipeline().Definition.EffectiveSlotName}', "
            + "'pgoutput')");
        await scenario.BackfillAsync(new BackfillOptions { SnapshotOnly = true });
        Assert.Equal(1L, await scenario.ScalarAsync<long>(
            "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"));
    }
}
