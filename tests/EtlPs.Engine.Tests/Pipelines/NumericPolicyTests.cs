using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>-UnboundedNumeric: by pipeline and by column, through copy and stream.</summary>
public sealed class NumericPolicyTests(ServerPool pool)
{
    private const string Table = """
        CREATE TABLE sums (id int PRIMARY KEY, a numeric, b numeric(50,20), c numeric[], d numeric(10,2));
        INSERT INTO sums VALUES (1, 1.10, 1.5, '{1.10,NaN}', 1.10), (2, 0.5, 2, '{}', NULL)
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_is_the_default_and_loses_nothing_by_copy_and_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, $"{Table}; ALTER TABLE sums REPLICA IDENTITY FULL");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "INSERT INTO sums VALUES (3, 'NaN', 3, NULL, 3), (4, 'Infinity', 'NaN', '{-Infinity,0.10}', 4); "
            + "UPDATE sums SET a = 1.1000 WHERE id = 1; UPDATE sums SET a = repeat('9', 1000)::numeric WHERE id = 2");
        await scenario.CatchUpAsync();

        await AssertTextsAsync(scenario, scenario.Pipeline());
        Assert.Equal("1.1000", await ValueAsync(scenario.Pipeline(), "SELECT a FROM sums WHERE id = 1"));
        Assert.Equal("VARCHAR VARCHAR VARCHAR[] DECIMAL(10,2)", await TypesAsync(scenario.Pipeline()));
    }

    [Fact]
    public async Task The_longest_numerics_arrive_in_numbers_by_copy_and_stream()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE sums (id int PRIMARY KEY, a numeric, b numeric)");
        await scenario.ExecuteAsync("INSERT INTO sums SELECT g, 1e131000, -1e131000 FROM generate_series(1, 200) g");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO sums SELECT g, 1e131000, -1e131000 FROM generate_series(201, 400) g");
        await scenario.CatchUpAsync();

        Assert.Equal(
            "400 52400400 52400800", await ValueAsync(scenario.Pipeline(),
                "SELECT concat_ws(' ', count(DISTINCT id), sum(length(a)), sum(length(b))) FROM sums"));
    }

    [Fact]
    public async Task A_numeric_key_finds_its_rows_as_text()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE prices (k numeric PRIMARY KEY, v text); "
            + "INSERT INTO prices VALUES (1.10, 'a'), (2, 'b'), ('NaN', 'c')");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "UPDATE prices SET k = 1.1 WHERE k = 1.10; UPDATE prices SET v = 'd' WHERE k = 2; "
            + "DELETE FROM prices WHERE k = 'NaN'");
        await scenario.CatchUpAsync();

        await scenario.AssertSameAsync(
            "SELECT concat_ws(' ', k, v) FROM prices", "SELECT concat_ws(' ', k, v) FROM prices");
    }

    [Fact]
    public async Task A_column_may_have_a_choice_of_its_own()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        var pipeline = PipelineOf(scenario, ("*", "Decimal(38,10)"), ("sums.a", "Double"), ("public.sums.c", "Text"));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO sums VALUES (3, 0.1, 3.25, '{7}', 3)");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

        Assert.Equal("DOUBLE DECIMAL(38,10) VARCHAR[] DECIMAL(10,2)", await TypesAsync(pipeline));
        Assert.Equal("1.5 2.0 3.25",
            await ValueAsync(pipeline, "SELECT string_agg(b::DOUBLE::VARCHAR, ' ' ORDER BY id) FROM sums"));
        Assert.Equal(
            "1.1 0.5 0.1", await ValueAsync(pipeline, "SELECT string_agg(a::VARCHAR, ' ' ORDER BY id) FROM sums"));
    }

    [Theory]
    [InlineData("Decimal(38,10)", "NaN", "NaN")]
    [InlineData("Decimal(10,2)", "0.001", "more digits than DECIMAL(10,2) holds")]
    [InlineData("Double", "0.12345678901234567890123", "more digits than DOUBLE holds")]
    public async Task A_value_that_the_choice_cannot_hold_sets_the_table_aside_by_copy_and_stream(
        string choice, string value, string reason)
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE sums (id int PRIMARY KEY, a numeric)");
        var pipeline = PipelineOf(scenario, ("*", choice));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync($"INSERT INTO sums VALUES (7, '{value}')");
        var streamed = Assert.Single(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);
        var copied = Assert.Single(await pipeline.ResetAsync([], scenario, Token));

        Assert.All([streamed, copied], result =>
        {
            Assert.Equal((EtlErrorCode.ValueNotRepresentable, "a", "id=7"),
                (result.Error!.Code, result.Error.Column, result.Error.Key));
            Assert.Contains(reason, result.Error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Another_choice_for_a_table_that_is_copied_is_refused_until_it_is_copied_again()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        await scenario.BackfillAsync();
        await scenario.CatchUpAsync();
        var other = PipelineOf(scenario, ("public.sums.a", "Decimal(38,10)"));

        var error = await Assert.ThrowsAsync<EtlException>(
            () => other.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token));
        Assert.Equal((EtlErrorCode.DefinitionChanged, "a"), (error.Code, error.Column));
        Assert.Contains("Reset-EtlTable", error.Remedy, StringComparison.Ordinal);

        await other.ResetAsync(["sums"], scenario, Token);
        await other.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.StartsWith("DECIMAL(38,10)", await TypesAsync(other), StringComparison.Ordinal);
        Assert.Equal(EtlErrorCode.DefinitionChanged,
            (await Assert.ThrowsAsync<EtlException>(() => scenario.CatchUpAsync())).Code);
    }

    [Fact]
    public async Task A_choice_for_a_column_that_becomes_unbounded_is_given_with_the_reset_that_needs_it()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "ALTER TABLE sums ALTER d TYPE numeric; INSERT INTO sums (id, d) VALUES (100, 1.2345)");
        var pipeline = PipelineOf(scenario, ("sums.d", "Decimal(38,10)"));

        Assert.Null(Assert.Single(await pipeline.ResetAsync(["sums"], scenario, Token)).Error);
        Assert.Empty(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);

        Assert.EndsWith("DECIMAL(38,10)", await TypesAsync(pipeline), StringComparison.Ordinal);
        Assert.Equal("1.2345000000", await ValueAsync(pipeline, "SELECT d::VARCHAR FROM sums WHERE id = 100"));
    }

    [Fact]
    public async Task A_choice_that_concerns_several_tables_names_them_all_in_its_remedy()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY, n numeric); CREATE TABLE b (id int PRIMARY KEY, n numeric); "
            + "CREATE TABLE c (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await scenario.CatchUpAsync();
        var pipeline = PipelineOf(scenario, ("*", "Double"));

        foreach (var refused in (Func<Task>[])
            [
                () => pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token),
                () => pipeline.ResetAsync(["a"], scenario, Token),
            ])
        {
            var error = await Assert.ThrowsAsync<EtlException>(refused);
            Assert.Equal(EtlErrorCode.DefinitionChanged, error.Code);
            Assert.EndsWith("'public.a', 'public.b'.", error.Remedy, StringComparison.Ordinal);
        }
        await pipeline.ResetAsync(["public.a", "public.b"], scenario, Token);
        Assert.Empty(
            (await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token)).SetAside);
    }

    [Theory]
    [InlineData("public.sums.z", EtlErrorCode.TableNotFound)]
    [InlineData("nothing.a", EtlErrorCode.TableNotFound)]
    [InlineData("sums.d", EtlErrorCode.InvalidArgument)]
    [InlineData("a", EtlErrorCode.InvalidArgument)]
    public async Task A_name_that_is_no_such_column_is_refused_before_anything_is_made(string column, EtlErrorCode code)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);

        var error = await Assert.ThrowsAsync<EtlException>(
            () => PipelineOf(scenario, (column, "Double")).BackfillAsync(new BackfillOptions(), scenario, Token));

        Assert.Equal(code, error.Code);
        Assert.False(File.Exists(scenario.File));
        Assert.Equal(0L, await scenario.ScalarAsync<long>("SELECT count(*) FROM pg_publication"));
    }

    private static async Task AssertTextsAsync(Scenario scenario, Pipeline pipeline)
    {
        var expected = await scenario.ScalarAsync<string>(
            "SELECT string_agg(concat_ws(' ', id, a, b, array_to_string(c, ';'), d), ',' ORDER BY id) FROM sums");
        Assert.Equal(expected, await ValueAsync(
            pipeline,
            "SELECT string_agg(concat_ws(' ', id, a, b, array_to_string(c, ';'), d), ',' ORDER BY id) FROM sums"));
    }

    private static Pipeline PipelineOf(Scenario scenario, params (string Column, string Choice)[] choices) => new(
        scenario.Definition() with { UnboundedNumeric =
            choices.ToDictionary(c => c.Column, c => UnboundedNumeric.Parse(c.Choice)) });

    private static Task<string?> TypesAsync(Pipeline pipeline) => ValueAsync(
        pipeline,
        "SELECT string_agg(data_type, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = 'sums' AND "
        + "column_index > 1");

    private static async Task<string?> ValueAsync(Pipeline pipeline, string sql) =>
        (await pipeline.QueryAsync(sql, Token)).Rows[0][0]?.ToString();
}
