using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

public sealed class StreamTests(ServerPool pool)
{
    [Fact]
    public async Task Every_kind_of_change_to_every_type_is_followed()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwentyTables.Create(rowsEach: 200));
        await scenario.BackfillAsync();
        foreach (var table in new[] { "t1", "t4", "\"Odd \"\"Name\"\" 5\"", "\"select\"" })
            await scenario.ExecuteAsync($"""
                INSERT INTO {table} SELECT id + 1000, code, small, flag, num, big, real4, real8, label, fixed, raw, day,
                    clock, stamp, moment, uid, js, jb, ints, longs, texts
                  FROM {table} WHERE id <= 50;
                UPDATE {table} SET label = 'changed ' || id, num = num + 1, ints = ints || 7 WHERE id % 3 = 0;
                UPDATE {table} SET id = id + 5000 WHERE id BETWEEN 10 AND 20;
                DELETE FROM {table} WHERE id % 11 = 0;
                """);
        var result = await scenario.CatchUpAsync();
        Assert.Equal(StreamEnd.CaughtUp, result.EndedBy);
        Assert.Equal(4, result.Transactions);
        Assert.True(result.Changes > 0);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_stream_backfills_first_where_that_was_not_done()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TwentyTables.Create(rowsEach: 10));
        var result = await scenario.CatchUpAsync();
        Assert.Equal(20, result.Backfilled.Count);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Keys_that_are_swapped_chained_and_moved_come_out_right()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); "
            + "INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 10) g");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "UPDATE t SET id = -1 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = -1");
        await scenario.ExecuteAsync(
            "DO $$ BEGIN FOR i IN REVERSE 10..3 LOOP UPDATE t SET id = id + 1 WHERE id = i; END LOOP; END $$");
        await scenario.ExecuteAsync(
            "DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (5, 'again'); UPDATE t SET v = v || '!' WHERE id = 5");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Unchanged_toast_keeps_the_value_that_the_destination_has()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, n int, large text, other text);
            ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g, 0, repeat('x', 5000 + g), 'o' FROM generate_series(1, 20) g
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("UPDATE t SET n = n + 1 WHERE id <= 10; UPDATE t SET id = id + 100 WHERE id <= 5");
        await scenario.ExecuteAsync(
            "INSERT INTO t VALUES (50, 1, repeat('y', 9000), 'new'); UPDATE t SET n = 2 WHERE id = 50");
        await scenario.ExecuteAsync(
            "UPDATE t SET other = 'p' WHERE id > 10; UPDATE t SET large = repeat('z', 7000) WHERE id = 12; "
            + "UPDATE t SET n = 9 WHERE id = 12");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Truncate_between_inserts_of_one_transaction_takes_away_only_what_came_before()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO a VALUES (1); "
            + "INSERT INTO b VALUES (1)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "INSERT INTO a VALUES (2); TRUNCATE a, b; INSERT INTO a VALUES (3); INSERT INTO b VALUES (3)");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Equal_rows_without_a_key_are_a_multiset()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (a int, b text, c numeric(6,2)); ALTER TABLE t REPLICA IDENTITY FULL;
            INSERT INTO t SELECT 1, NULL, 1.5 FROM generate_series(1, 5);
            INSERT INTO t SELECT 2, 'x', NULL FROM generate_series(1, 3)
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 2)");
        await scenario.ExecuteAsync(
            "UPDATE t SET b = 'y' WHERE ctid = (SELECT ctid FROM t WHERE a = 2 LIMIT 1); "
            + "INSERT INTO t VALUES (1, NULL, 1.5)");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_whole_old_row_finds_the_row_of_a_table_with_a_key()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); ALTER TABLE t REPLICA IDENTITY FULL; "
            + "INSERT INTO t VALUES (1, 'a'), (2, NULL)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "UPDATE t SET v = 'b' WHERE id = 1; UPDATE t SET id = 3 WHERE id = 2; DELETE FROM t WHERE id = 1");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_transaction_larger_than_a_batch_arrives_whole()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, v text)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "INSERT INTO t SELECT g, repeat('v', 300) || g FROM generate_series(1, 200000) g; "
            + "UPDATE t SET v = 'u' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0");
        var result = await scenario.CatchUpAsync();
        Assert.Equal(1, result.Transactions);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_stream_without_backfill_starts_with_empty_tables_and_inserts_rows_it_does_not_know()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        await scenario.CatchUpAsync(new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("UPDATE t SET v = v || '!'; DELETE FROM t WHERE id = 2");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_large_value_that_an_unknown_row_keeps_is_fetched_from_the_source()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int, part text, n int, large text, PRIMARY KEY (id, part));
            ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g, 'it''s \ ' || g, 0, repeat('x', 5000 + g) FROM generate_series(1, 6) g
            """);
        await scenario.CatchUpAsync(new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("UPDATE t SET n = 1; UPDATE t SET id = 60 WHERE id = 6");
        await scenario.ExecuteAsync(
            "UPDATE t SET large = repeat('y', 6000) WHERE id = 2; UPDATE t SET id = 30 WHERE id = 3; "
            + "DELETE FROM t WHERE id = 4");
        var result = await scenario.CatchUpAsync();
        Assert.Empty(result.SetAside);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task An_idle_pipeline_on_a_busy_server_moves_its_slot_and_starts_again()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "CREATE TABLE elsewhere AS SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g");
        var target = Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text"));
        var result = await scenario.CatchUpAsync();
        Assert.True(result.Position >= target, $"{result.Position} is below {target}");
        Assert.True(Lsn.Parse(await scenario.ScalarAsync<string>(
            "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE database = current_database()")) >= target);
        Assert.Equal(0, (await scenario.CatchUpAsync()).Changes);
    }

    [Fact]
    public async Task A_stream_ends_before_the_first_transaction_that_commits_beyond_the_wanted_lsn()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO t VALUES (1)");
        var until = Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_insert_lsn()::text"));
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2)");
        var result = await scenario.CatchUpAsync(new StreamOptions { UntilLsn = until });
        Assert.Equal(StreamEnd.LsnReached, result.EndedBy);
        Assert.Equal(1, result.Transactions);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_table_whose_columns_changed_is_set_aside_and_the_others_go_on()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
        await scenario.ExecuteAsync("ALTER TABLE a ADD COLUMN more int; INSERT INTO a VALUES (2, 2)");
        await scenario.ExecuteAsync("INSERT INTO b VALUES (2)");
        var result = await scenario.CatchUpAsync();
        var aside = Assert.Single(result.SetAside);
        Assert.Equal(EtlPs.Engine.Pipelines.Errors.EtlErrorCode.SchemaChanged, aside.Error!.Code);
        Assert.Equal("a", aside.Source.Name);
        var rows = await scenario.Pipeline().QueryAsync(
            "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM public.b)", TestContext.Current.CancellationToken);
        Assert.Equal([1L, 2L], rows.Rows[0]);
    }

    [Fact]
    public async Task Unchanged_toast_in_a_partition_keeps_its_value_under_a_full_root()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); ALTER TABLE t REPLICA IDENTITY FULL;
            CREATE TABLE part PARTITION OF t FOR VALUES FROM (0) TO (10); ALTER TABLE part ALTER v SET STORAGE EXTERNAL;
            INSERT INTO t VALUES (1, repeat('v', 5000))
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("UPDATE t SET id = 2");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_table_taken_out_of_the_publication_is_set_aside()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync($"ALTER PUBLICATION {scenario.Definition().EffectivePublication} DROP TABLE a");
        await scenario.ExecuteAsync("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
        var result = await scenario.CatchUpAsync();
        Assert.Equal("a", Assert.Single(result.SetAside).Source.Name);
        Assert.Equal(1, result.Changes);
    }
}
