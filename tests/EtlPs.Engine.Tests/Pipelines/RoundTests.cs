using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>-OnUnrepresentable Round: the nearest number that the type holds, and a line for each.</summary>
public sealed class RoundTests(ServerPool pool)
{
    private const string Table =
        "CREATE TABLE sums (id int PRIMARY KEY, d numeric, x numeric, a numeric[], note text); "
        + "ALTER TABLE sums ALTER a SET STORAGE EXTERNAL;";

    // Halves, carries, what is nothing but fraction, what falls off entirely, and one that is exact.
    private const string Sums = """
        WITH v (id, n) AS (VALUES (1, 1.005), (2, -1.005), (3, 0.0049999), (4, 0.005), (5, 99999999.994), (6, -0.001),
            (7, 1e-20), (8, 1.9999999),
            (9, 9999.995), (10, 0.00005), (11, 1.50), (12, 10000.004999), (13, 123456.785), (14, -0.015), (15, 1e-400), (16, NULL))
        INSERT INTO sums SELECT id + {0}, n, n * 1.00000000000000000001, ARRAY[n, 1, NULL], 'a' FROM v;
        INSERT INTO sums SELECT g + {0}, n, n * 1e40, ARRAY[n], 'b'
            FROM (SELECT g, round((random() * 2000 - 1000)::numeric
            * (random()::numeric::text || (random() * 1e9)::int8)::numeric, g % 20) AS n FROM generate_series(17, 200) g) AS r;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OnUnrepresentable.Error)]
    [InlineData(OnUnrepresentable.Text)]
    public async Task Numerics_are_rounded_as_Postgres_rounds_and_told_by_copy_and_by_a_stream_in_binary_or_in_text(
        OnUnrepresentable other)
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, $"{Table} CREATE TABLE other (id int PRIMARY KEY, at timestamp);");
        // A text instead of a timestamp makes the whole stream come as text.
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Round), ("other.at", other));
        await scenario.ExecuteAsync(Rows(0));
        Assert.All(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token), r => Assert.Null(r.Error));
        await AssertRoundedAsync(scenario, pipeline);
        await scenario.ExecuteAsync(Rows(1000));
        await scenario.ExecuteAsync("UPDATE sums SET d = 7.125, a = '{0.125}' WHERE id = 11");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);

        await AssertRoundedAsync(scenario, pipeline);
        Assert.Equal("7.13 [0.13]", await ValueAsync(pipeline, "SELECT concat_ws(' ', d, a) FROM sums WHERE id = 11"));
    }

    [Theory]
    [InlineData("d", "'NaN'", "NaN")]
    [InlineData("d", "'-Infinity'", "infinity")]
    [InlineData("d", "100000000", "more digits than DECIMAL(10,2) holds")]
    [InlineData("d", "-99999999.995", "more digits than DECIMAL(10,2) holds")]
    [InlineData("x", "1e400", "beyond the range of DOUBLE")]
    [InlineData("a", "'{{1,2}}'", "an array of more than one dimension")]
    public async Task What_has_no_nearest_is_the_tables_error(string column, string value, string kind)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Round));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync($"INSERT INTO sums (id, {column}) VALUES (1, {value})");

        AssertNotRounded(Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside).Error!, column, kind);
        AssertNotRounded(Assert.Single(await pipeline.BackfillAsync(
            new BackfillOptions { Restart = true }, scenario, Token)).Error!, column, kind);
    }

    [Fact]
    public async Task Bounds_of_ranges_are_not_rounded()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, r numrange, m nummultirange); "
            + "INSERT INTO t VALUES (1, '[1.5,2)', '{[1.5,2)}')");
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Round));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        // Of two decimals [1,1) would be left, which is empty.
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, '[1.0001,1.0002)')");

        var error = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside).Error!;
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "r", "id=2"), (error.Code, error.Column, error.Key));
    }

    [Fact]
    public async Task A_key_is_never_rounded()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE keyed (k numeric PRIMARY KEY, v numeric); INSERT INTO keyed VALUES (1.5, 1.005)");
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Round));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO keyed VALUES (1.501, 1)");

        var aside = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside);
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "k"), (aside.Error!.Code, aside.Error.Column));
        Assert.Equal(["v k=1.50 rounded to DECIMAL(10,2)"], await LossesAsync(pipeline));
        var named = await Assert.ThrowsAsync<EtlException>(
            () => PipelineOf(scenario, ("keyed.k", OnUnrepresentable.Round)).ResetAsync(["keyed"], scenario, Token));
        Assert.Equal((EtlErrorCode.InvalidArgument, "k"), (named.Code, named.Column));
    }

    [Theory]
    [InlineData("note")]
    [InlineData("p")]
    public async Task Round_for_a_column_without_values_to_be_rounded_is_refused(string column)
    {
        await using var scenario = await Scenario.CreateAsync(pool, $"{Table} ALTER TABLE sums ADD p numeric(10,2)");

        var refused = await Assert.ThrowsAsync<EtlException>(
            () => PipelineOf(scenario, ($"sums.{column}", OnUnrepresentable.Round))
            .BackfillAsync(new BackfillOptions(), scenario, Token));
        Assert.Equal((EtlErrorCode.InvalidArgument, column), (refused.Code, refused.Column));
        var text = new Pipeline(scenario.Definition() with
        {
            OnUnrepresentable = new Dictionary<string, OnUnrepresentable> { ["sums.d"] = OnUnrepresentable.Round },
        });
        Assert.Equal("d", (await Assert.ThrowsAsync<EtlException>(
            () => text.BackfillAsync(new BackfillOptions(), scenario, Token))).Column);
    }

    [Theory]
    [InlineData(OnUnrepresentable.Round)]
    [InlineData(OnUnrepresentable.Error)]
    public async Task Rows_without_a_key_are_found_by_their_rounded_values_whatever_is_chosen_by_then(
        OnUnrepresentable later)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            "CREATE TABLE ticks (v numeric, n int); ALTER TABLE ticks REPLICA IDENTITY FULL; "
            + "INSERT INTO ticks VALUES (1.001, 1), (1.002, 1), (1, 1), (2.005, 2)");
        await PipelineOf(scenario, ("*", OnUnrepresentable.Round))
            .BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("DELETE FROM ticks WHERE v = 1.002; UPDATE ticks SET v = 3 WHERE v = 2.005");
        var pipeline = PipelineOf(scenario, ("*", later));
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);

        Assert.Equal("1.00/1 1.00/1 3.00/2",
            await ValueAsync(pipeline, "SELECT string_agg(v || '/' || n, ' ' ORDER BY v) FROM ticks"));
        Assert.Equal(3, (await LossesAsync(pipeline)).Count);
    }

    [Fact]
    public async Task Null_and_Round_do_not_follow_each_other_in_a_table_without_a_key_until_it_is_copied_again()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE ticks (v numeric, n int); ALTER TABLE ticks REPLICA IDENTITY FULL; "
            + "INSERT INTO ticks VALUES (1.001, 1)");
        await PipelineOf(scenario, ("*", OnUnrepresentable.Null)).BackfillAsync(new BackfillOptions(), scenario, Token);
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Round));

        var refused = await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(pipeline, scenario));
        Assert.Equal((EtlErrorCode.DefinitionChanged, "v"), (refused.Code, refused.Column));
        await pipeline.ResetAsync(["ticks"], scenario, Token);
        await scenario.ExecuteAsync("UPDATE ticks SET v = 1.996, n = 2");
        await CatchUpAsync(pipeline, scenario);
        Assert.Equal("2.00 2", await ValueAsync(pipeline, "SELECT string_agg(concat_ws(' ', v, n), ';') FROM ticks"));
    }

    [Fact]
    public async Task A_rounded_value_is_told_for_each_key_that_its_row_is_given()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, $"{Table} INSERT INTO sums (id, a, d) SELECT g, array_fill(CASE g WHEN 1 THEN 1.005 ELSE 1 END, "
            + "ARRAY[1000]), 1 FROM generate_series(1, 2) g");
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Round));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("UPDATE sums SET id = id + 10");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal("11 1.01 12 1.00",
            await ValueAsync(pipeline, "SELECT string_agg(concat_ws(' ', id, a[1000]), ' ' ORDER BY id) FROM sums"));
        Assert.Equal(
            ["a id=1 rounded to DECIMAL(10,2)", "a id=11 rounded to DECIMAL(10,2)"], await LossesAsync(pipeline));
    }

    private static string Rows(int from) => Sums.Replace("{0}", $"{from}", StringComparison.Ordinal);

    private static void AssertNotRounded(EtlException error, string column, string kind)
    {
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, column, "id=1"), (error.Code, error.Column, error.Key));
        Assert.Contains($"({kind}), nor rounded", error.Message, StringComparison.Ordinal);
    }

    private static async Task AssertRoundedAsync(Scenario scenario, Pipeline pipeline)
    {
        Assert.Equal(
            await scenario.ScalarAsync<string>(
                "SELECT string_agg(concat_ws(' ', id, round(d, 2)), '; ' ORDER BY id) FROM sums"),
            await ValueAsync(pipeline, "SELECT string_agg(concat_ws(' ', id, d), '; ' ORDER BY id) FROM sums"));
        Assert.Equal(
            await scenario.ScalarAsync<string>(
                "SELECT string_agg(concat_ws(' ', id, array_to_string(ARRAY(SELECT round(v, 2) FROM unnest(a) v), ',', "
                + "'~')), '; ' ORDER BY id) FROM sums"),
            await ValueAsync(
                pipeline,
                "SELECT string_agg(concat_ws(' ', id, array_to_string(list_transform(a, lambda v: coalesce(v::VARCHAR, "
                + "'~')), ',')), '; ' ORDER BY id) FROM sums"));
        // Postgres refuses to cast what is nearest to zero.
        var doubles = await scenario.ScalarAsync<double[]>(
            "SELECT array_agg(CASE WHEN abs(x) < 1e-300 THEN 0 ELSE x::float8 END ORDER BY id) FROM sums WHERE x IS "
            + "NOT NULL");
        Assert.Equal(doubles, (await pipeline.QueryAsync(
            "SELECT x FROM sums WHERE x IS NOT NULL ORDER BY id", Token)).Rows.Select(r => (double)r[0]!));
        var expected = await scenario.ScalarAsync<string[]>(
            """
            SELECT array_agg(l ORDER BY l COLLATE "C") FROM sums, LATERAL (VALUES
                (round(d, 2) <> d, 'd id=' || id || ' rounded to DECIMAL(10,2)'),
                ((SELECT bool_or(round(v, 2) <> v) FROM unnest(a) v), 'a id=' || id || ' rounded to DECIMAL(10,2)'),
                (CASE WHEN abs(x) BETWEEN 1e-300 AND 1e300 THEN x NOT IN (x::float8::numeric, x::float8::text::numeric)
                    ELSE x <> 0 END,
                 'x id=' || id || ' rounded to DOUBLE')) AS v (lost, l) WHERE lost
            """);
        Assert.NotEmpty(expected);
        var losses = (await LossesAsync(pipeline)).Where(l => !l.Contains("id=11 ", StringComparison.Ordinal));
        Assert.Equal(expected.Where(l => !l.Contains("id=11 ", StringComparison.Ordinal)), losses);
    }

    private static Pipeline PipelineOf(Scenario scenario, params (string Column, OnUnrepresentable Choice)[] choices) =>
        new(
            scenario.Definition() with
            {
                UnboundedNumeric = new Dictionary<string, UnboundedNumeric>
                {
                    ["*"] = UnboundedNumeric.Decimal(10, 2), ["*.x"] = UnboundedNumeric.Double,
                },
                OnUnrepresentable = choices.ToDictionary(c => c.Column, c => c.Choice),
            });

    private static Task<StreamResult> CatchUpAsync(Pipeline pipeline, Scenario scenario) =>
        pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    private static async Task<List<string>> LossesAsync(Pipeline pipeline) =>
        [.. (await pipeline.AllLossesAsync()).Select(l => $"{l.Column} {l.Key} {l.Kind}")
            .Order(StringComparer.Ordinal)];

    private static async Task<string?> ValueAsync(Pipeline pipeline, string sql) =>
        (await pipeline.QueryAsync(sql, Token)).Rows[0][0]?.ToString();
}
