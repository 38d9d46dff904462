using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>-OnUnrepresentable Text: columns that could hold what DuckDB cannot are text from the start.</summary>
public sealed class TextInsteadTests(ServerPool pool)
{
    private const string Rows = """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE odd (k timestamp PRIMARY KEY, price numeric(10,2), seen timestamptz, grid int[], mood mood,
            span interval, plain int, note text);
        INSERT INTO odd VALUES ('2024-01-01', 'NaN', '294270-01-01Z', '{{1,2},{3,4}}', 'ok', '1 mon', 1, 'a'),
            ('294270-01-01', 1.10, '2024-02-29 12:00:00.5Z', '[0:1]={7,NULL}', 'sad', NULL, 2, NULL), ('infinity', NULL, NULL, '{}', NULL, '-1 day', NULL, 'c')
        """;

    private const string AsPostgres =
        "concat_ws('|', format('%s', k), coalesce(format('%s', price), ''), coalesce(format('%s', seen), ''), "
        + "coalesce(format('%s', grid), ''), format('%s', mood), coalesce(format('%s', span), ''), plain, note)";

    private const string AsDuckDb =
        "concat_ws('|', k, coalesce(price, ''), coalesce(seen, ''), coalesce(grid, ''), coalesce(mood::VARCHAR, ''), "
        + "coalesce(span, ''), plain, note)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copy_and_stream_bring_the_text_of_the_types_own_output_function()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Rows);
        await scenario.ExecuteAsync($"ALTER DATABASE \"{scenario.Database.Name}\" SET TimeZone = 'UTC'");
        var pipeline = PipelineOf(scenario, OnUnrepresentable.Text);
        Assert.Null(Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)).Error);
        await AssertSameAsync(scenario, pipeline);
        await scenario.ExecuteAsync(
            """
            INSERT INTO odd VALUES ('2025-01-01', 2.50, '0044-03-15 BC', '{{{1}}}', 'ok', '1 year 2 days 00:00:00.5', 4,
                'x|y');
            ALTER TYPE mood ADD VALUE 'new';
            """);
        await scenario.ExecuteAsync(
            "UPDATE odd SET k = '294271-01-01', mood = 'new' WHERE k = '294270-01-01'; "
            + "DELETE FROM odd WHERE k = 'infinity'; UPDATE odd SET price = 3 WHERE k = '2024-01-01'");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);

        await AssertSameAsync(scenario, pipeline);
        Assert.Empty(await pipeline.AllLossesAsync());
        Assert.Equal(
            "VARCHAR VARCHAR VARCHAR VARCHAR ENUM('sad', 'ok', 'new') VARCHAR INTEGER VARCHAR",
            await ValueAsync(pipeline,
                "SELECT string_agg(data_type, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = "
                + "'odd'"));
    }

    [Fact]
    public async Task Columns_that_hold_all_values_stay_what_they_are()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, d date, f float8, u uuid, b bytea, j jsonb, n numeric, x text)");
        await PipelineOf(scenario, OnUnrepresentable.Text).BackfillAsync(new BackfillOptions(), scenario, Token);

        Assert.Equal(
            "INTEGER DATE DOUBLE UUID BLOB JSON VARCHAR VARCHAR",
            await ValueAsync(scenario.Pipeline(),
                "SELECT string_agg(data_type, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = "
                + "'t'"));
    }

    [Fact]
    public async Task Text_for_a_table_that_is_copied_needs_another_copy()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, n numeric(10,2)); INSERT INTO t VALUES (1, 1.50)");
        await scenario.BackfillAsync();
        var pipeline = PipelineOf(scenario, OnUnrepresentable.Text);

        var error = await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(pipeline, scenario));
        Assert.Equal((EtlErrorCode.DefinitionChanged, "n"), (error.Code, error.Column));
        await pipeline.ResetAsync(["t"], scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'NaN')");
        await CatchUpAsync(pipeline, scenario);
        Assert.Equal("1.50 NaN", await ValueAsync(pipeline, "SELECT string_agg(n, ' ' ORDER BY id) FROM t"));
    }

    private static async Task AssertSameAsync(Scenario scenario, Pipeline pipeline) => Assert.Equal(
        await scenario.ScalarAsync<string>(
            $"SELECT string_agg({AsPostgres}, E'\n' ORDER BY {AsPostgres} COLLATE \"C\") FROM odd"),
        await ValueAsync(pipeline, $"SELECT string_agg({AsDuckDb}, chr(10) ORDER BY {AsDuckDb}) FROM odd"));

    private static Pipeline PipelineOf(Scenario scenario, OnUnrepresentable choice) => new(
        scenario.Definition() with { OnUnrepresentable =
            new Dictionary<string, OnUnrepresentable> { ["*"] = choice } });

    private static Task<StreamResult> CatchUpAsync(Pipeline pipeline, Scenario scenario) =>
        pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    private static async Task<string?> ValueAsync(Pipeline pipeline, string sql) =>
        (await pipeline.QueryAsync(sql, Token)).Rows[0][0]?.ToString();
}
