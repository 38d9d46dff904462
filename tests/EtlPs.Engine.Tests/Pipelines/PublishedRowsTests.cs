using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Copy and stream carry the same rows and columns: row filters, column lists, generated columns, inheritance.
/// </summary>
public sealed class PublishedRowsTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Since", "15")]
    public async Task A_row_filter_holds_for_copy_and_stream_and_turns_updates_into_inserts_and_deletes()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int PRIMARY KEY, kind text NOT NULL, n int); ALTER TABLE t REPLICA IDENTITY FULL;
            INSERT INTO t SELECT g, CASE WHEN g % 3 = 0 THEN 'in' ELSE 'out' END, g FROM generate_series(1, 60) g;
            CREATE PUBLICATION dba FOR TABLE t WHERE (kind = 'in' AND n < 1000)
            """);
        var pipeline = scenario.PipelineOf("dba");
        var copied = Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        Assert.Equal(20, copied.Rows);
        await scenario.ExecuteAsync("UPDATE t SET kind = 'in' WHERE id IN (1, 2)");
        await scenario.ExecuteAsync("UPDATE t SET kind = 'out' WHERE id IN (3, 6); UPDATE t SET n = 5000 WHERE id = 9");
        await scenario.ExecuteAsync(
            "UPDATE t SET n = -n WHERE id < 20; UPDATE t SET id = id + 100 WHERE id IN (12, 13)");
        await scenario.ExecuteAsync(
            "INSERT INTO t VALUES (200, 'in', 1), (201, 'out', 1); DELETE FROM t WHERE id IN (15, 16)");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', id, kind, n) FROM t WHERE kind = 'in' AND n < 1000",
            "SELECT concat_ws('|', id, kind, n) FROM t");
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_row_that_a_filter_lets_in_by_an_update_brings_its_unchanged_toast()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int, kind text, body text, PRIMARY KEY (id, kind));
            ALTER TABLE t ALTER body SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g, 'out', repeat('b' || g, 3000) FROM generate_series(1, 9) g;
            CREATE PUBLICATION dba FOR TABLE t WHERE (kind = 'in')
            """);
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("UPDATE t SET kind = 'in' WHERE id <= 5");
        await scenario.ExecuteAsync(
            "UPDATE t SET kind = 'out' WHERE id = 2; UPDATE t SET id = 30 WHERE id = 3; DELETE FROM t WHERE id = 4");
        await CatchUpAsync(pipeline, scenario);
        // Out, changed where nobody sees it, and in again, in one batch.
        await scenario.ExecuteAsync("UPDATE t SET kind = 'out' WHERE id = 1");
        await scenario.ExecuteAsync("UPDATE t SET body = repeat('unseen', 3000) WHERE id = 1");
        await scenario.ExecuteAsync("UPDATE t SET kind = 'in' WHERE id = 1");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', id, kind, md5(body)) FROM t WHERE kind = 'in'",
            "SELECT concat_ws('|', id, kind, md5(body)) FROM t");
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_row_filter_on_a_partition_root_holds_for_each_partition()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int, n int, PRIMARY KEY (id, n)) PARTITION BY RANGE (id);
            CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (50);
            CREATE TABLE t2 (n int NOT NULL, gone text, id int NOT NULL); ALTER TABLE t2 DROP gone;
            ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (50) TO (200);
            INSERT INTO t SELECT g, g % 4 FROM generate_series(1, 99) g;
            CREATE PUBLICATION dba FOR TABLE t WHERE (n > 1) WITH (publish_via_partition_root = true)
            """);
        var pipeline = scenario.PipelineOf("dba");
        Assert.Equal(50, Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)).Rows);
        await scenario.ExecuteAsync(
            "UPDATE t SET n = 3 - n WHERE id % 10 = 0; UPDATE t SET id = id + 60 WHERE id BETWEEN 40 AND 45");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', id, n) FROM t WHERE n > 1", "SELECT concat_ws('|', id, n) FROM t");
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_row_filter_that_was_changed_sets_its_table_aside()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY);
            CREATE PUBLICATION dba FOR TABLE t WHERE (id > 10), u
            """);
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("ALTER PUBLICATION dba SET TABLE t WHERE (id > 5), u");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (7); INSERT INTO u VALUES (7)");
        var aside = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside);
        Assert.Equal(("t", EtlErrorCode.SchemaChanged), (aside.Source.Name, aside.Error!.Code));
        Assert.Contains("row filter", aside.Error.Message, StringComparison.Ordinal);
        await scenario.AssertSameAsync("SELECT id::text FROM u", "SELECT id::text FROM u");
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_column_list_holds_for_copy_and_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (secret text, id int PRIMARY KEY, a int, b text);
            INSERT INTO t SELECT 's', g, g, 'b' FROM generate_series(1, 9) g;
            CREATE PUBLICATION dba FOR TABLE t (b, id)
            """);
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "INSERT INTO t VALUES ('s', 10, 1, 'x'); UPDATE t SET b = 'y', secret = 'z' WHERE id < 4; "
            + "UPDATE t SET a = 0");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertSameAsync("SELECT concat_ws('|', id, b) FROM t", "SELECT concat_ws('|', id, b) FROM t");
        await scenario.AssertSameAsync(
            "SELECT 'id b'",
            "SELECT string_agg(column_name, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = 't'");
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_column_list_that_was_changed_sets_its_table_aside()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE PUBLICATION dba FOR TABLE t (id, a)");
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("ALTER PUBLICATION dba SET TABLE t (id, b); INSERT INTO t VALUES (1, 2, 3)");
        var aside = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside);
        Assert.Equal(EtlErrorCode.SchemaChanged, aside.Error!.Code);
    }

    [Fact]
    public async Task Stored_generated_columns_are_left_out_of_copy_and_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v text);
            INSERT INTO t VALUES (1, DEFAULT, 'a')
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "INSERT INTO t VALUES (2, DEFAULT, 'b'); UPDATE t SET v = 'c', id = 3 WHERE id = 1");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(" WITH (publish_generated_columns = stored)", true)]
    [InlineData(" (id, twice)", true)]
    public async Task Stored_generated_columns_come_where_a_publication_sends_them(string options, bool sent)
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v text);
            INSERT INTO t VALUES (1, DEFAULT, 'a'), (2, DEFAULT, 'b')
            """);
        // Only Postgres 18 can send them; before, it refuses the option and such a column in a list.
        var publish = $"CREATE PUBLICATION dba FOR TABLE t{options}";
        if (sent && scenario.Database.Server.Version < 18)
        {
            await Assert.ThrowsAsync<Npgsql.PostgresException>(() => scenario.ExecuteAsync(publish));
            return;
        }
        await scenario.ExecuteAsync(publish);
        var pipeline = scenario.PipelineOf("dba");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "INSERT INTO t VALUES (3, DEFAULT, 'c'); UPDATE t SET id = 5 WHERE id = 1; DELETE FROM t WHERE id = 2");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);
        var columns = await pipeline.QueryAsync(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 't'", Token);
        Assert.Equal(sent, columns.Rows.Any(c => (string)c[0]! == "twice"));
        var twice = sent ? "twice" : "id * 2";
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', id, twice) FROM t", $"SELECT concat_ws('|', id, {twice}) FROM t");
    }

    [Theory]
    [InlineData("own", "parent")]
    [InlineData("dba", "parent")]
    public async Task Children_by_inheritance_are_tables_of_their_own(string publication, string published)
    {
        await using var scenario = await Scenario.CreateAsync(pool, $"""
            CREATE TABLE parent (id int PRIMARY KEY, v text);
            CREATE TABLE child (PRIMARY KEY (id), more int) INHERITS (parent);
            INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (2, 'c', 3);
            CREATE PUBLICATION dba FOR TABLE {published}
            """);
        var pipeline = publication == "dba" ? scenario.PipelineOf("dba") : scenario.Pipeline();
        Assert.Equal([1, 1], (await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token))
            .Select(r => r.Rows));
        await scenario.ExecuteAsync(
            "UPDATE parent SET v = v || '!'; INSERT INTO child VALUES (4, 'd', 5); INSERT INTO parent VALUES (5, 'e')");
        await scenario.ExecuteAsync("DELETE FROM parent WHERE id = 2; UPDATE parent SET id = id + 10");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertEqualAsync();
        await scenario.ExecuteAsync("TRUNCATE parent; INSERT INTO child VALUES (6, 'f', 7)");
        await CatchUpAsync(pipeline, scenario);
        await scenario.AssertEqualAsync();
    }

    private static Task<StreamResult> CatchUpAsync(Pipeline pipeline, Scenario scenario) =>
        pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
}
