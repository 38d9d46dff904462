using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Each replica identity, and each changed in mid-stream: the copy stays exact, or its table is set aside.
/// </summary>
public sealed class ReplicaIdentityTests(ServerPool pool)
{
    private const string Rows = """
        CREATE TABLE t (v text, id int PRIMARY KEY, code int NOT NULL, part int NOT NULL, large text);
        CREATE UNIQUE INDEX t_code ON t (code, part); CREATE UNIQUE INDEX t_id ON t (id);
        ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
        INSERT INTO t SELECT 'v', g, g, g % 3, repeat('l' || g, 1500) FROM generate_series(1, 12) g;
        """;

    private const string Change = """
        UPDATE t SET v = v || '!' WHERE id IN (1, 2);
        UPDATE t SET id = id + 100, code = code + 100 WHERE id IN (3, 103);
        DELETE FROM t WHERE id = (SELECT min(id) FROM t WHERE id > 3 AND id < 100);
        INSERT INTO t SELECT 'new', max(id) + 1, max(code) + 1, 1, NULL FROM t
        """;

    [Theory]
    [InlineData("DEFAULT", Grouping.OneTransaction)]
    [InlineData("DEFAULT", Grouping.StreamEach)]
    [InlineData("FULL", Grouping.OneTransaction)]
    [InlineData("FULL", Grouping.StreamEach)]
    [InlineData("USING INDEX t_code", Grouping.OneTransaction)]
    [InlineData("USING INDEX t_code", Grouping.StreamEach)]
    public Task Each_identity_is_followed(string identity, Grouping grouping) => RowImageScenario.AssertFollowedAsync(
        pool, $"{Rows} ALTER TABLE t REPLICA IDENTITY {identity}", grouping, Change, Change,
        "UPDATE t SET part = part + 1", Change);

    [Theory, ClassData(typeof(Groupings))]
    public Task A_whole_old_row_finds_rows_by_the_key_that_changes(Grouping grouping) =>
        RowImageScenario.AssertFollowedAsync(
            pool,
            $"{Rows} ALTER TABLE t REPLICA IDENTITY FULL",
            grouping,
            "UPDATE t SET id = -1 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = -1",
            "DO $$ BEGIN FOR i IN REVERSE 12..1 LOOP UPDATE t SET id = id + 1 WHERE id = i; END LOOP; END $$",
            "DELETE FROM t WHERE id = 5; INSERT INTO t VALUES (NULL, 5, 500, 0, NULL); "
            + "UPDATE t SET v = 'x' WHERE id = 5");

    [Theory, ClassData(typeof(Groupings))]
    public Task An_identity_that_changes_and_names_the_same_key_is_followed(Grouping grouping) =>
        RowImageScenario.AssertFollowedAsync(
            pool,
            Rows,
            grouping,
            Change,
            $"ALTER TABLE t REPLICA IDENTITY FULL; {Change}",
            $"ALTER TABLE t REPLICA IDENTITY DEFAULT; {Change}",
            $"ALTER TABLE t REPLICA IDENTITY USING INDEX t_id; {Change}",
            "ALTER TABLE t REPLICA IDENTITY NOTHING; INSERT INTO t VALUES ('n', 900, 900, 0, NULL)",
            $"ALTER TABLE t REPLICA IDENTITY DEFAULT; {Change}");

    [Fact]
    public Task A_truncation_needs_no_identity() => RowImageScenario.AssertFollowedAsync(
        pool, Rows, Grouping.StreamEach,
        "ALTER TABLE t REPLICA IDENTITY NOTHING; TRUNCATE t; INSERT INTO t VALUES ('n', 1, 1, 0, NULL)");

    [Theory]
    [InlineData(Grouping.OneTransaction)]
    [InlineData(Grouping.StreamEach)]
    public Task An_identity_that_names_another_key_sets_the_table_aside(Grouping grouping) =>
        RowImageScenario.AssertSetAsideAsync(
            pool, Rows, grouping, Change, $"ALTER TABLE t REPLICA IDENTITY USING INDEX t_code; {Change}");

    [Fact]
    public Task Whole_rows_that_are_no_longer_sent_set_a_table_without_a_key_aside() =>
        RowImageScenario.AssertSetAsideAsync(
            pool,
            "CREATE TABLE t (id int NOT NULL, v text); ALTER TABLE t REPLICA IDENTITY FULL; "
            + "INSERT INTO t VALUES (1, 'a'), (2, 'a')",
            Grouping.StreamEach,
            "UPDATE t SET v = 'b' WHERE id = 1",
            "ALTER TABLE t ADD PRIMARY KEY (id), REPLICA IDENTITY DEFAULT; UPDATE t SET v = 'c' WHERE id = 2");

    [Theory, ClassData(typeof(Groupings))]
    public Task Inserts_go_on_when_the_index_of_the_identity_is_dropped(Grouping grouping) =>
        RowImageScenario.AssertFollowedAsync(
            pool,
            $"{Rows} ALTER TABLE t REPLICA IDENTITY USING INDEX t_code",
            grouping,
            Change,
            "DROP INDEX t_code; INSERT INTO t VALUES ('n', 900, 900, 0, NULL)",
            "CREATE UNIQUE INDEX t_again ON t (part, code); ALTER TABLE t REPLICA IDENTITY USING INDEX t_again; "
            + $"{Change}");

    [Theory]
    [InlineData(Grouping.OneTransaction)]
    [InlineData(Grouping.StreamEach)]
    public Task Another_identity_after_the_index_was_dropped_sets_the_table_aside(Grouping grouping) =>
        RowImageScenario.AssertSetAsideAsync(
            pool,
            $"{Rows} ALTER TABLE t REPLICA IDENTITY USING INDEX t_code",
            grouping,
            Change,
            "DROP INDEX t_code; INSERT INTO t VALUES ('n', 900, 900, 0, NULL)",
            $"ALTER TABLE t REPLICA IDENTITY DEFAULT; {Change}");

    [Theory, ClassData(typeof(Groupings))]
    public Task Whole_rows_are_followed_without_their_key_while_it_still_tells_them_apart(Grouping grouping) =>
        RowImageScenario.AssertFollowedAsync(
            pool,
            $"{Rows} ALTER TABLE t REPLICA IDENTITY FULL",
            grouping,
            "ALTER TABLE t DROP CONSTRAINT t_pkey; DROP INDEX t_id",
            Change,
            "INSERT INTO t VALUES ('twin of none', 900, 900, 0, NULL); UPDATE t SET v = 'x' WHERE id = 900; "
            + "DELETE FROM t WHERE id = 900",
            "INSERT INTO t VALUES ('twin', 12, 800, 0, NULL); DELETE FROM t WHERE v = 'twin'; "
            + "UPDATE t SET v = 'alone' WHERE id = 12");

    [Theory]
    [InlineData("DELETE FROM t WHERE v = 'twin'")]
    [InlineData("UPDATE t SET v = 'other' WHERE v = 'twin'")]
    [InlineData("UPDATE t SET id = 901 WHERE v = 'twin'")]
    [InlineData("UPDATE t SET v = 'both' WHERE id = 1")]
    [InlineData("DELETE FROM t WHERE id IN (1, 2)")]
    [InlineData("ALTER TABLE t ALTER id DROP NOT NULL; INSERT INTO t VALUES ('none', NULL, 900, 0, NULL)")]
    public Task A_twin_of_a_key_that_was_dropped_sets_the_table_aside_before_a_row_is_wrong(string change) =>
        RowImageScenario.AssertSetAsideAsync(
            pool,
            $"{Rows} ALTER TABLE t REPLICA IDENTITY FULL",
            Grouping.StreamEach,
            "ALTER TABLE t DROP CONSTRAINT t_pkey; DROP INDEX t_id; INSERT INTO t VALUES ('twin', 1, 800, 0, NULL)",
            change);

    [Theory]
    [InlineData("INSERT INTO t VALUES ('twin', 1, 800, 0, NULL); DELETE FROM t WHERE id = 1 AND v <> 'twin'")]
    [InlineData("UPDATE t SET v = 'x' WHERE id = 1; INSERT INTO t VALUES ('twin', 1, 800, 0, NULL)")]
    [InlineData("UPDATE t SET id = 1")]
    [InlineData("INSERT INTO t VALUES ('a', 800, 800, 0, NULL), ('b', 800, 801, 0, NULL); DELETE FROM t WHERE v = 'a'")]
    public Task A_twin_within_one_batch_sets_the_table_aside_before_a_row_is_wrong(string change) =>
        RowImageScenario.AssertSetAsideAsync(
            pool,
            $"{Rows} ALTER TABLE t REPLICA IDENTITY FULL",
            Grouping.StreamEach,
            "UPDATE t SET v = 'y' WHERE id = 2",
            $"ALTER TABLE t DROP CONSTRAINT t_pkey; DROP INDEX t_id; {change}");
}
