using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Views, foreign tables, unlogged tables and tables without usable blocks: copied once, in one stream of rows.
/// </summary>
public sealed class OneOffRelationTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE t (id int PRIMARY KEY, n int, note text);
        INSERT INTO t SELECT g, g % 7, repeat('n', 300) FROM generate_series(1, 3000) g;
        CREATE VIEW a_view AS SELECT id, n * 2 AS twice, note FROM t WHERE n < 5;
        CREATE MATERIALIZED VIEW a_matview AS SELECT id, note FROM t;
        CREATE UNLOGGED TABLE quick AS SELECT id, n FROM t;
        """;

    private static readonly BackfillOptions Once = new() { SnapshotOnly = true, Workers = 2 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_no_stream_follows_is_copied_once_where_it_is_named()
    {
        await using var scenario = await CreateAsync();
        var pipeline = new Pipeline(
            scenario.Definition("t", "a_view", "a_matview", "quick", "far.away") with { RangeBytes = 100_000 });
        var results = await pipeline.BackfillAsync(
            Once with { Conditions = new Dictionary<string, string> { ["a_view"] = "twice > 2" } }, scenario, Token);
        Assert.All(results, r => Assert.Equal(TableState.Ready, r.State));
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', id, twice, note) FROM a_view WHERE twice > 2",
            "SELECT concat_ws('|', id, twice, note) FROM a_view");
        await scenario.AssertSameAsync("SELECT id || note FROM a_matview", "SELECT id || note FROM a_matview");
        await scenario.AssertSameAsync("SELECT id || '|' || n FROM quick", "SELECT id || '|' || n FROM quick");
        await scenario.AssertSameAsync(
            "SELECT id || '|' || n || note FROM t", "SELECT id || '|' || n || note FROM far.away");
        var ranges = (await RangesAsync(scenario)).ToDictionary(r => r.Table, r => r.Ranges);
        Assert.Equal((1, 1), (ranges["a_view"], ranges["away"]));
        Assert.All((string[])["t", "a_matview", "quick"], table => Assert.InRange(ranges[table], 2, 40));

        await scenario.ExecuteAsync("INSERT INTO t VALUES (4000, 3, 'new')");
        await pipeline.ResetAsync(["a_view"], scenario, Token);
        await scenario.AssertSameAsync("SELECT id::text FROM a_view WHERE twice > 2", "SELECT id::text FROM a_view");
    }

    [Fact]
    public async Task Wildcards_and_no_names_at_all_mean_tables_that_a_stream_could_follow()
    {
        await using var scenario = await CreateAsync();
        foreach (var tables in (string[][])[[], ["public.*"]])
        {
            var results = await scenario.Pipeline(tables).BackfillAsync(Once with { Restart = true }, scenario, Token);
            Assert.Equal("t", Assert.Single(results).Source.Name);
        }
        var error = await Assert.ThrowsAsync<EtlException>(
            () => scenario.Pipeline("a_*").BackfillAsync(Once with { Restart = true }, scenario, Token));
        Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
    }

    [Theory]
    [InlineData("a_view", "is a view")]
    [InlineData("a_matview", "materialized")]
    [InlineData("quick", "unlogged")]
    [InlineData("far.away", "foreign")]
    public async Task A_slot_for_what_no_stream_follows_is_refused_before_anything_is_made(string name, string reason)
    {
        await using var scenario = await CreateAsync();
        var pipeline = scenario.Pipeline("t", name);
        Check(await Assert.ThrowsAsync<EtlException>(() => pipeline.PlanBackfillAsync(new BackfillOptions(), Token)));
        Check(await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)));
        Check(await Assert.ThrowsAsync<EtlException>(() => pipeline.StreamAsync(new StreamOptions(), scenario, Token)));
        Assert.False(File.Exists(scenario.File));
        Assert.Equal(0L, await scenario.ScalarAsync<long>(
            "SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_replication_slots WHERE database "
            + "= current_database())"));

        void Check(EtlException error)
        {
            Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.Contains("-SnapshotOnly", error.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_view_or_a_foreign_table_that_fails_ends_with_its_error_and_the_others_go_on()
    {
        await using var scenario = await CreateAsync();
        await scenario.ExecuteAsync("""
            CREATE VIEW divides AS SELECT id, 1 / (n - 5) AS x FROM t;
            CREATE FUNCTION raises(n int) RETURNS int LANGUAGE plpgsql AS
              $$ BEGIN IF n = 5 THEN RAISE EXCEPTION 'canary %', n; END IF; RETURN n; END $$;
            CREATE VIEW tells AS SELECT raises(n) AS n FROM t;
            CREATE MATERIALIZED VIEW empty AS SELECT 1 AS a WITH NO DATA;
            CREATE SERVER nowhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'none');
            CREATE USER MAPPING FOR PUBLIC SERVER nowhere OPTIONS (user 'nobody');
            CREATE FOREIGN TABLE far.gone (id int) SERVER nowhere OPTIONS (schema_name 'public', table_name 't');
            """);
        var results = await scenario.Pipeline("t", "divides", "tells", "empty", "far.gone", "a_view")
            .BackfillAsync(Once, scenario, Token);
        Assert.Equal(["a_view", "t"], results.Where(r => r.State == TableState.Ready).Select(r => r.Source.Name)
            .Order());
        var errors = results.Where(r => r.Error is not null).ToDictionary(r => r.Source.Name, r => r.Error!);
        Assert.Equal(["divides", "empty", "gone", "tells"], errors.Keys.Order());
        Assert.Equal(EtlErrorCode.ValueNotRepresentable, errors["tells"].Code);
        Assert.DoesNotContain("canary", errors["tells"].ToString(), StringComparison.Ordinal);
        Assert.Contains("populated", errors["empty"].Message, StringComparison.Ordinal);
        Assert.Contains("foreign table", errors["gone"].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_view_that_warns_and_informs_while_it_is_read_is_copied_whole()
    {
        await using var scenario = await CreateAsync();
        await scenario.ExecuteAsync("""
            CREATE FUNCTION warns(n int) RETURNS int LANGUAGE plpgsql AS
              $$ BEGIN IF n % 3 = 0 THEN RAISE WARNING 'w %', repeat('x', n); ELSIF n % 3 = 1 THEN RAISE INFO 'i';
              END IF; RETURN n; END $$;
            CREATE VIEW noisy AS SELECT warns(id) AS id, note FROM t;
            """);
        var results = await scenario.Pipeline("noisy", "t").BackfillAsync(
            Once with { Conditions = new Dictionary<string, string> { ["t"] = "public.warns(id) > 0" } }, scenario,
            Token);
        Assert.All(results, r => Assert.Equal(TableState.Ready, r.State));
        await scenario.AssertSameAsync("SELECT id || note FROM t", "SELECT id || note FROM noisy");
        await scenario.AssertSameAsync("SELECT id || note FROM t", "SELECT id || note FROM t");
    }

    [Fact]
    public async Task A_temporary_table_of_another_session_is_nobody_elses_to_copy()
    {
        await using var scenario = await CreateAsync();
        await using var other = await scenario.Database.OpenAsync(Token);
        await using var command = new NpgsqlCommand("CREATE TEMPORARY TABLE fleeting (id int PRIMARY KEY)", other);
        await command.ExecuteNonQueryAsync(Token);
        var schema = await scenario.ScalarAsync<string>(
            "SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = "
            + "'fleeting'");
        foreach (var name in (string[])[$"{schema}.fleeting", "pg_temp*.*"])
        {
            var error = await Assert.ThrowsAsync<EtlException>(
                () => scenario.Pipeline(name).BackfillAsync(Once, scenario, Token));
            Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
        }
    }

    [Fact]
    public async Task A_partitioned_table_with_a_foreign_partition_is_copied_through_its_root()
    {
        await using var scenario = await CreateAsync();
        await scenario.ExecuteAsync("""
            CREATE TABLE parts (id int, n int, note text) PARTITION BY RANGE (id);
            CREATE TABLE near PARTITION OF parts FOR VALUES FROM (100000) TO (200000);
            CREATE FOREIGN TABLE beyond PARTITION OF parts FOR VALUES FROM (0) TO (100000) SERVER itself
              OPTIONS (schema_name 'public', table_name 't');
            INSERT INTO near SELECT 100000 + g, g, 'near' FROM generate_series(1, 2000) g;
            """);
        await new Pipeline(scenario.Definition("parts") with { RangeBytes = 20_000 })
            .BackfillAsync(Once, scenario, Token);
        await scenario.AssertSameAsync(
            "SELECT id || '|' || n || note FROM parts", "SELECT id || '|' || n || note FROM parts");
        Assert.Equal(1, Assert.Single(await RangesAsync(scenario)).Ranges);
    }

    [Fact]
    public async Task A_table_of_another_access_method_than_heap_is_copied_in_one_range_and_followed()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE ACCESS METHOD heap_of_another_name TYPE TABLE HANDLER heap_tableam_handler;
            CREATE TABLE t (id int PRIMARY KEY, note text) USING heap_of_another_name;
            CREATE TABLE p (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
            CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (1500) USING heap_of_another_name;
            CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (1500) TO (5000);
            INSERT INTO t SELECT g, repeat('t', 300) FROM generate_series(1, 3000) g;
            INSERT INTO p SELECT * FROM t;
            """);
        await new Pipeline(scenario.Definition() with { RangeBytes = 100_000 })
            .BackfillAsync(new BackfillOptions { Workers = 2 }, scenario, Token);
        var ranges = (await RangesAsync(scenario)).ToDictionary(r => r.Table, r => r.Ranges);
        Assert.Equal(1, ranges["t"]);
        Assert.InRange(ranges["p"], 3, 20);
        await scenario.ExecuteAsync("UPDATE t SET note = 'u' WHERE id % 3 = 0; DELETE FROM p WHERE id % 5 = 0");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    /// <summary>With a foreign table that is the same database's own table, by way of another session.</summary>
    private async Task<Scenario> CreateAsync([System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var scenario = await Scenario.CreateAsync(pool, Tables, test);
        var server = new NpgsqlConnectionStringBuilder(scenario.Database.ConnectionString);
        await scenario.ExecuteAsync($"""
            CREATE SCHEMA far; CREATE EXTENSION postgres_fdw;
            CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw
              OPTIONS (host '{server.Host}', port '{server.Port}', dbname '{server.Database}');
            CREATE USER MAPPING FOR PUBLIC SERVER itself OPTIONS (user '{server.Username}');
            CREATE FOREIGN TABLE far.away (id int, n int, note text) SERVER itself OPTIONS (schema_name 'public',
                table_name 't');
            """);
        return scenario;
    }

    private static async Task<List<(string Table, int Ranges)>> RangesAsync(Scenario scenario)
    {
        var rows = await scenario.Pipeline().QueryAsync(
            "SELECT t.source_table, count(*)::INTEGER FROM etlps.copy_ranges AS r JOIN etlps.tables AS t USING "
            + "(pipeline, oid) GROUP BY ALL", Token);
        return [.. rows.Rows.Select(r => ((string)r[0]!, (int)r[1]!))];
    }
}
