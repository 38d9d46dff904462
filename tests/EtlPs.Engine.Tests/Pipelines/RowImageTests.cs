using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// What an UPDATE leaves out, whatever comes before and after it, and however it is cut into batches.
/// </summary>
public sealed class RowImageTests(ServerPool pool)
{
    private const string Documents = """
        CREATE TABLE t (id int PRIMARY KEY, n int, large text, second text, note text);
        ALTER TABLE t ALTER large SET STORAGE EXTERNAL, ALTER second SET STORAGE EXTERNAL;
        INSERT INTO t SELECT g, 0, repeat('a' || g, 1500), CASE WHEN g % 2 = 0 THEN repeat('b' || g, 1500) END, 'c' FROM generate_series(1, 12) g
        """;

    [Theory, ClassData(typeof(Groupings))]
    public Task Unchanged_toast_after_an_insert_keeps_the_inserted_value(Grouping grouping) => FollowAsync(
        grouping,
        "INSERT INTO t VALUES (50, 0, repeat('new', 1500), repeat('too', 1500), NULL)",
        "UPDATE t SET n = 1 WHERE id = 50",
        "UPDATE t SET id = 51 WHERE id = 50",
        "UPDATE t SET second = NULL WHERE id = 51",
        "UPDATE t SET note = 'last' WHERE id = 51");

    [Theory, ClassData(typeof(Groupings))]
    public Task Unchanged_toast_after_a_new_value_keeps_the_new_value(Grouping grouping) => FollowAsync(
        grouping,
        "UPDATE t SET n = 1 WHERE id <= 4",
        "UPDATE t SET large = repeat('set', 1500) WHERE id IN (1, 2)",
        "UPDATE t SET second = repeat('set too', 900) WHERE id IN (2, 3)",
        "UPDATE t SET n = 2 WHERE id <= 4",
        "UPDATE t SET large = 'small now' WHERE id = 1",
        "UPDATE t SET large = NULL WHERE id = 2",
        "UPDATE t SET n = 3 WHERE id <= 4");

    [Theory, ClassData(typeof(Groupings))]
    public Task Unchanged_toast_moves_with_its_row_when_keys_are_swapped(Grouping grouping) => FollowAsync(
        grouping,
        "UPDATE t SET n = 1 WHERE id = 2",
        "UPDATE t SET id = -1 WHERE id = 1",
        "UPDATE t SET id = 1 WHERE id = 2",
        "UPDATE t SET id = 2 WHERE id = -1",
        "UPDATE t SET n = n + 1 WHERE id IN (1, 2)");

    [Theory, ClassData(typeof(Groupings))]
    public Task Unchanged_toast_moves_with_its_row_along_a_chain_of_keys(Grouping grouping) => FollowAsync(
        grouping,
        "DO $$ BEGIN FOR i IN REVERSE 12..1 LOOP UPDATE t SET id = id + 1 WHERE id = i; END LOOP; END $$",
        "UPDATE t SET n = 1 WHERE id = 2",
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id)",
        "DO $$ BEGIN FOR i IN REVERSE 13..2 LOOP UPDATE t SET id = id + 1, n = n + 1 WHERE id = i; END LOOP; END $$");

    [Theory, ClassData(typeof(Groupings))]
    public Task A_row_deleted_and_inserted_again_forgets_what_it_had(Grouping grouping) => FollowAsync(
        grouping,
        "UPDATE t SET n = 1 WHERE id IN (1, 2, 3)",
        "DELETE FROM t WHERE id IN (1, 2)",
        "INSERT INTO t VALUES (1, 9, NULL, NULL, 'again'), (2, 9, repeat('again', 900), NULL, 'again')",
        "UPDATE t SET n = 10 WHERE id IN (1, 2)",
        "DELETE FROM t WHERE id = 2; UPDATE t SET id = 2 WHERE id = 3",
        "UPDATE t SET n = 11 WHERE id = 2");

    [Fact]
    public Task A_row_updated_a_thousand_times_in_one_transaction_keeps_its_large_values() => FollowAsync(
        Grouping.OneTransaction,
        "DO $$ BEGIN FOR i IN 1..1000 LOOP UPDATE t SET n = n + 1 WHERE id <= 3; END LOOP; END $$",
        "UPDATE t SET large = repeat('now', 1500) WHERE id = 1",
        "DO $$ BEGIN FOR i IN 1..1000 LOOP UPDATE t SET n = n + 1 WHERE id <= 3; END LOOP; END $$");

    [Theory, ClassData(typeof(Groupings))]
    public Task An_old_key_that_is_toasted_means_no_changed_key_and_its_other_columns_are_no_values(
        Grouping grouping) =>
        RowImageScenario.AssertFollowedAsync(
            pool,
            """
            CREATE TABLE t (n int, k text, part int, large text, v text, PRIMARY KEY (part, k));
            ALTER TABLE t ALTER k SET STORAGE EXTERNAL, ALTER large SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g, repeat('k' || g, 1200), g, repeat('l' || g, 1500), 'v' FROM generate_series(1, 6) g
            """,
            grouping,
            "UPDATE t SET n = n + 1",
            "UPDATE t SET v = NULL WHERE part <= 3",
            "UPDATE t SET part = part + 100 WHERE part = 2",
            "UPDATE t SET k = repeat('other', 500) WHERE part = 3",
            "UPDATE t SET n = -1 WHERE part IN (3, 102)",
            "DELETE FROM t WHERE part IN (1, 102)",
            "INSERT INTO t SELECT 0, repeat('k1', 1200), 1, 'short', 'w'",
            "UPDATE t SET v = 'x' WHERE part = 1");

    [Theory, ClassData(typeof(Groupings))]
    public Task A_key_out_of_column_order_finds_its_rows(Grouping grouping) => RowImageScenario.AssertFollowedAsync(
        pool,
        """
        CREATE TABLE t (v text, a int, large text, b text, PRIMARY KEY (b, a));
        ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
        INSERT INTO t SELECT 'v', g, repeat('l' || g, 1500), (10 - g)::text FROM generate_series(1, 9) g
        """,
        grouping,
        "UPDATE t SET v = 'w' WHERE a <= 3",
        "UPDATE t SET a = 11, b = 'x' WHERE a = 1; UPDATE t SET b = 'y' WHERE a = 2",
        "UPDATE t SET a = b::int + 100, b = a::text WHERE a IN (3, 4)",
        "DELETE FROM t WHERE a IN (6, 8); INSERT INTO t VALUES ('n', 8, NULL, '2')");

    [Theory, ClassData(typeof(Groupings))]
    public Task A_table_of_key_columns_only_is_followed(Grouping grouping) => RowImageScenario.AssertFollowedAsync(
        pool,
        "CREATE TABLE t (b int, a int, PRIMARY KEY (a, b)); INSERT INTO t SELECT g, g % 3 FROM generate_series(1, 9) g",
        grouping,
        "UPDATE t SET b = b + 100 WHERE a = 1",
        "DELETE FROM t WHERE a = 2; INSERT INTO t VALUES (1, 2), (2, 2)",
        "UPDATE t SET a = b, b = a WHERE a = 2");

    [Theory, ClassData(typeof(Groupings))]
    public Task Identical_rows_without_a_key_go_and_come_one_by_one(Grouping grouping) =>
        RowImageScenario.AssertFollowedAsync(
        pool,
        """
        CREATE TABLE t (n int, large text); ALTER TABLE t REPLICA IDENTITY FULL;
        ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
        INSERT INTO t SELECT g % 2, repeat('l', 5000) FROM generate_series(1, 8) g;
        INSERT INTO t VALUES (NULL, NULL), (NULL, NULL)
        """,
        grouping,
        "DELETE FROM t WHERE ctid = (SELECT ctid FROM t WHERE n = 0 LIMIT 1)",
        "UPDATE t SET n = 7 WHERE ctid = (SELECT ctid FROM t WHERE n = 1 LIMIT 1)",
        "UPDATE t SET n = 1 WHERE n = 7; DELETE FROM t WHERE ctid = (SELECT ctid FROM t WHERE n IS NULL LIMIT 1)",
        "UPDATE t SET large = 'x' WHERE ctid IN (SELECT ctid FROM t WHERE n = 0 LIMIT 2)",
        "INSERT INTO t SELECT 0, 'x' FROM generate_series(1, 3); "
        + "DELETE FROM t WHERE ctid = (SELECT ctid FROM t WHERE large = 'x' LIMIT 1)");

    [Theory, ClassData(typeof(Groupings))]
    public Task Rows_that_the_destination_never_had_come_with_their_large_values(Grouping grouping) =>
        RowImageScenario.AssertFollowedFromEmptyAsync(
            pool,
            Documents,
            grouping,
            "UPDATE t SET n = 1",
            "UPDATE t SET id = -1 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = -1",
            "UPDATE t SET large = repeat('now', 1500) WHERE id = 3; UPDATE t SET id = 30 WHERE id = 3",
            "DELETE FROM t WHERE id = 4; INSERT INTO t VALUES (4, 4, repeat('again', 900), NULL, NULL)",
            "DELETE FROM t WHERE id = 6; UPDATE t SET id = 6 WHERE id = 8",
            "UPDATE t SET n = 2");

    [Fact]
    public async Task A_row_fetched_from_the_source_after_its_key_went_to_another_row_does_not_keep_the_others_values()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Documents);
        await scenario.CatchUpAsync(new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("UPDATE t SET n = 1 WHERE id <= 4");
        var fetching = Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_insert_lsn()::text"));
        await scenario.ExecuteAsync(
            "UPDATE t SET id = -1 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = -1; "
            + "DELETE FROM t WHERE id = 4");
        await scenario.ExecuteAsync("UPDATE t SET n = 2");
        // The rows that this asks for are by now what the later transactions have made of them.
        await scenario.CatchUpAsync(new StreamOptions { UntilLsn = fetching });
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    private Task FollowAsync(Grouping grouping, params string[] steps) =>
        RowImageScenario.AssertFollowedAsync(pool, Documents, grouping, steps);
}
