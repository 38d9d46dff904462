using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Names that Postgres allows, names that are one in DuckDB, and -TableMap and -ColumnMap that keep them apart.
/// </summary>
public sealed class IdentifierTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_legal_name_is_copied_streamed_and_copied_again()
    {
        string[] names =
        [
            "select", "UPPER", "with space", " ", "quote\"d", "'single'", "dot.ted", "sem;i--colon", "back\\slash",
            "tab\tand\nline", "emoji 🙂👨‍👩‍👧",
            "naïve É", new string('x', 63), string.Concat(Enumerable.Repeat("é", 31)), "$1", "%s", "{0}", "rowid_",
            "1st", "*", "?", "a*b",
        ];
        var columns = string.Join(
            ", ", names.Select((n, i) => $"{TableName.Quote(n)} {(i == 0 ? "int" : "text DEFAULT 'x'")}"));
        await using var scenario = await Scenario.CreateAsync(
            pool,
            $"CREATE SCHEMA {TableName.Quote("Sch\"ema.🙂")}; "
            + string.Concat(names.Select((n, i) =>
            {
                var table = $"{TableName.Quote(i % 2 == 0 ? "public" : "Sch\"ema.🙂")}.{TableName.Quote(n)}";
                return $"CREATE TABLE {table} ({columns}, PRIMARY KEY ({TableName.Quote(names[0])}, "
                    + $"{TableName.Quote(names[i == 0 ? 1 : i])})); "
                    + $"INSERT INTO {table} ({TableName.Quote(names[0])}) VALUES (1), (2), (3); ";
            })));
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(string.Concat(names.Select((n, i) =>
        {
            var (table, key) = ($"{TableName.Quote(i % 2 == 0 ? "public" : "Sch\"ema.🙂")}.{TableName.Quote(n)}",
                TableName.Quote(names[0]));
            return $"UPDATE {table} SET {TableName.Quote(names[2])} = 'y', {key} = 20 WHERE {key} = 2; "
                + $"DELETE FROM {table} WHERE {key} = 3; INSERT INTO {table} ({key}) VALUES (4); ";
        })));
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();
        Assert.All(await scenario.Pipeline().ResetAsync([], scenario, Token), r => Assert.Null(r.Error));
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Tables_that_are_one_in_DuckDB_are_refused_with_a_proposal_that_works()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE \"Orders\" (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY); "
            + "INSERT INTO \"Orders\" VALUES (1); INSERT INTO orders VALUES (2)");

        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.BackfillAsync());

        Assert.Equal(EtlErrorCode.NameCollision, error.Code);
        Assert.False(File.Exists(scenario.File));
        Assert.Equal(0L, await scenario.ScalarAsync<long>("SELECT count(*) FROM pg_publication"));
        var (from, to) = Proposal(error.Remedy);
        var pipeline = new Pipeline(
            scenario.Definition() with { TableMap = new Dictionary<string, string> { [from] = to } });
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO \"Orders\" VALUES (3); UPDATE orders SET id = 4");
        await CatchUpAsync(pipeline, scenario);

        var tables = await pipeline.ReadTablesAsync([], Token);
        Assert.Equal(2, tables.Select(t => t.Destination).Distinct().Count());
        foreach (var table in tables)
            Assert.Equal(
                table.Source.Name == "orders" ? "4" : "1 3",
                await ValueAsync(
                    pipeline, $"SELECT string_agg(id::VARCHAR, ' ' ORDER BY id) FROM {table.Destination.Quoted}"));
    }

    [Fact]
    public async Task Columns_that_are_one_in_DuckDB_are_refused_with_a_proposal_that_works_for_copy_stream_fill_and_reset()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t ("Id" int PRIMARY KEY, id int, id_2 int, "Large" text);
            ALTER TABLE t ALTER "Large" SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g, g * 10, g * 100, repeat('x', 5000) FROM generate_series(1, 3) g
            """);

        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.BackfillAsync());

        Assert.Equal(EtlErrorCode.NameCollision, error.Code);
        var (from, to) = Proposal(error.Remedy);
        Assert.NotEqual("id_2", to);
        var pipeline = new Pipeline(scenario.Definition() with
        {
            ColumnMap = new Dictionary<string, string> { [from] = to, ["t.\"Id\""] = "key",
                ["t.\"Large\""] = "\"The Text\"" },
        });
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "UPDATE t SET id = 11 WHERE \"Id\" = 1; UPDATE t SET \"Id\" = 20 WHERE \"Id\" = 2; "
            + "DELETE FROM t WHERE \"Id\" = 3; INSERT INTO t VALUES (4, 40, 400, 'y')");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);
        const string columns = "1/11/100/5000 20/20/200/5000 4/40/400/1";
        var query =
            $"SELECT string_agg(concat_ws('/', key, {TableName.Quote(to)}, id_2, length(\"The Text\")), ' ' ORDER BY "
            + "key::VARCHAR) FROM t";
        Assert.Equal(columns, await ValueAsync(pipeline, query));
        Assert.Equal("key", (await pipeline.ReadTablesAsync([], Token)).Single().RenamedColumns["Id"]);

        await pipeline.ResetAsync([], scenario, Token);
        await CatchUpAsync(pipeline, scenario);
        Assert.Equal(columns, await ValueAsync(pipeline, query));
    }

    [Fact]
    public async Task Rows_without_a_key_and_rows_that_are_fetched_are_found_by_mapped_names()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE whole (rowid int, v text); ALTER TABLE whole REPLICA IDENTITY FULL;
            INSERT INTO whole VALUES (1, 'a'), (1, 'a');
            CREATE TABLE fetched (id int PRIMARY KEY, n int, large text);
            ALTER TABLE fetched ALTER large SET STORAGE EXTERNAL;
            INSERT INTO fetched SELECT g, 0, repeat('x', 5000) FROM generate_series(1, 3) g
            """);
        var refused = await scenario.BackfillAsync();
        var (from, to) = Proposal(refused.Single(r => r.Error is not null).Error!.Remedy);
        await scenario.Pipeline().RemoveAsync(scenario, Token);
        File.Delete(scenario.File);
        var pipeline = new Pipeline(scenario.Definition() with
        {
            ColumnMap = new Dictionary<string, string> { [from] = to, ["fetched.id"] = "k", ["fetched.large"] = "l" },
        });
        await CatchUpAsync(pipeline, scenario, new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("UPDATE fetched SET n = 1; INSERT INTO whole VALUES (2, 'b'), (2, 'b'), (3, 'c')");
        await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync(
            "UPDATE fetched SET n = 2 WHERE id = 1; DELETE FROM whole WHERE ctid = (SELECT ctid FROM whole WHERE v = "
            + "'b' LIMIT 1); UPDATE whole SET v = 'd' WHERE v = 'c'");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);

        Assert.Equal("2b 3d", await ValueAsync(pipeline, $"SELECT string_agg({to} || v, ' ' ORDER BY v) FROM whole"));
        Assert.Equal(
            "1/2/5000 2/1/5000 3/1/5000", await ValueAsync(
                pipeline, "SELECT string_agg(concat_ws('/', k, n, length(l)), ' ' ORDER BY k) FROM fetched"));
    }

    [Fact]
    public async Task A_mapped_table_may_go_to_another_schema_and_a_map_that_collides_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE SCHEMA temp; CREATE TABLE temp.a (id int PRIMARY KEY, x int, y int); "
            + "CREATE TABLE b (id int PRIMARY KEY)");
        await RefusedAsync(scenario, EtlErrorCode.NameCollision, tables: ("temp.a", "b"), schema: "dw");
        await RefusedAsync(
            scenario, EtlErrorCode.NameCollision, columns: ("temp.a.x", "Y"), tables: ("temp.a", "dw.a"));
        var pipeline = new Pipeline(scenario.Definition() with
        {
            TableMap = new Dictionary<string, string> { ["temp.a"] = "\"Archive\".\"A table\"" },
                DestinationSchema = "dw",
        });
        var copied = await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);

        Assert.Equal([new("dw", "b"), new("Archive", "A table")], copied.Select(c => c.Destination));
    }

    [Fact]
    public async Task Another_map_is_refused_until_the_table_is_copied_again_or_all_anew()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 2)");
        await scenario.BackfillAsync();
        var columns = new Pipeline(
            scenario.Definition() with { ColumnMap = new Dictionary<string, string> { ["t.v"] = "w" } });
        var tables = new Pipeline(
            scenario.Definition() with { TableMap = new Dictionary<string, string> { ["t"] = "u" } });
        var schema = new Pipeline(scenario.Definition() with { DestinationSchema = "dw" });

        foreach (var pipeline in (Pipeline[])[columns, tables, schema])
            Assert.Equal(EtlErrorCode.DefinitionChanged,
                (await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(pipeline, scenario))).Code);
        await columns.ResetAsync(["t"], scenario, Token);
        await CatchUpAsync(columns, scenario);
        Assert.Equal("2", await ValueAsync(columns, "SELECT w FROM t"));
        await CatchUpAsync(tables, scenario, new StreamOptions { Restart = true, UntilCaughtUp = true });
        Assert.Equal("2", await ValueAsync(tables, "SELECT v FROM u"));
        Assert.Equal("0", await ValueAsync(tables, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 't'"));
    }

    [Fact]
    public async Task Maps_that_name_nothing_or_several_things_are_refused_before_anything_is_made()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, v int)");
        await RefusedAsync(scenario, EtlErrorCode.TableNotFound, tables: ("nothing", "u"));
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, tables: ("t*", "u"));
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, tables: ("t", "u?"));
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, tables: ("t", "a.b.c"));
        await RefusedAsync(scenario, EtlErrorCode.TableNotFound, columns: ("t.w", "u"));
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, columns: ("t.*", "u"));
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, columns: ("t.v", "a.b"));
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, columns: ("t.v", ""));
        await RefusedAsync(scenario, EtlErrorCode.NameCollision, columns: ("t.v", "\"ID\""));
    }

    [Fact]
    public async Task A_table_or_column_that_is_named_twice_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, v numeric)");
        var definition = scenario.Definition();
        PipelineDefinition[] twice =
        [
            definition with { TableMap = new Dictionary<string, string> { ["t"] = "a", ["public.t"] = "b" } },
            definition with { ColumnMap = new Dictionary<string, string> { ["t.v"] = "a", ["public.T.\"v\""] = "b" } },
            definition with
            {
                OnUnrepresentable = new Dictionary<string, OnUnrepresentable>
                {
                    ["t.v"] = OnUnrepresentable.Null, ["public.t.v"] = OnUnrepresentable.Error,
                        ["public.t.*"] = OnUnrepresentable.Text,
                },
            },
        ];
        foreach (var pipeline in twice.Select(d => new Pipeline(d)))
        {
            var error = await Assert.ThrowsAsync<EtlException>(
                () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
            Assert.Equal(EtlErrorCode.InvalidArgument, error.Code);
            Assert.Contains("twice", error.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(scenario.File));
        }
    }

    [Fact]
    public async Task A_column_that_is_added_beside_its_like_is_named_by_the_proposal_and_the_table_copied_again()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY); "
            + "INSERT INTO t VALUES (1)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("ALTER TABLE t ADD \"Id\" int DEFAULT 7; INSERT INTO t VALUES (2, 8)");
        Assert.Single((await scenario.CatchUpAsync()).SetAside);
        var (from, to) = Proposal(
            Assert.Single(await scenario.Pipeline().ResetAsync(["t"], scenario, Token)).Error!.Remedy);
        var pipeline = new Pipeline(
            scenario.Definition() with { ColumnMap = new Dictionary<string, string> { [from] = to } });

        await scenario.ExecuteAsync("INSERT INTO other VALUES (1)");
        await CatchUpAsync(pipeline, scenario);
        Assert.Equal("1", await ValueAsync(pipeline, "SELECT count(*) FROM other"));
        Assert.Null(Assert.Single(await pipeline.ResetAsync(["t"], scenario, Token)).Error);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 9)");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);

        Assert.Equal("1/7 2/8 3/9", await ValueAsync(
            pipeline, $"SELECT string_agg(concat_ws('/', id, {TableName.Quote(to)}), ' ' ORDER BY id) FROM t"));
        Assert.Equal(
            EtlErrorCode.TableNotFound,
            (await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(
                new Pipeline(scenario.Definition() with { ColumnMap =
                    new Dictionary<string, string> { [from] = to, ["t.none"] = "x" } }), scenario))).Code);
    }

    private static async Task RefusedAsync(
        Scenario scenario, EtlErrorCode code, (string From, string To)? tables = null,
        (string From, string To)? columns = null, string? schema = null)
    {
        var pipeline = new Pipeline(scenario.Definition() with { TableMap = Map(tables), ColumnMap = Map(columns),
            DestinationSchema = schema });
        var error = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        Assert.Equal(code, error.Code);
        Assert.False(File.Exists(scenario.File));

        static Dictionary<string, string> Map((string From, string To)? entry) =>
            entry is var (from, to) ? new() { [from] = to } : [];
    }

    /// <summary>What stands between @{ and } in a remedy, as PowerShell reads it.</summary>
    private static (string From, string To) Proposal(string remedy)
    {
        var map = System.Text.RegularExpressions.Regex.Match(remedy, "@\\{ '(.*)' = '(.*)' \\}");
        Assert.True(map.Success, remedy);
        return (map.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal),
            map.Groups[2].Value.Replace("''", "'", StringComparison.Ordinal));
    }

    private static Task<StreamResult> CatchUpAsync(
        Pipeline pipeline, Scenario scenario, StreamOptions? options = null) =>
        pipeline.StreamAsync(options ?? new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    private static async Task<string?> ValueAsync(Pipeline pipeline, string sql) =>
        (await pipeline.QueryAsync(sql, Token)).Rows[0][0]?.ToString();
}
