using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Keys that a copy brings as text, beside values that DuckDB cannot hold: a row is named by them as by any other.
/// </summary>
public sealed class TextKeyTests(ServerPool pool)
{
    private const string Setup = """
        CREATE TABLE t (at timestamptz, name regclass, id int, price numeric(10,2), note text,
            PRIMARY KEY (at, name, id));
        INSERT INTO t VALUES ('2024-01-01 12:00+02', 'pg_class', 7, 'NaN', 'a'),
            ('2024-01-01 12:00+02', 'pg_class', 8, 1, 'a')
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_loss_is_told_with_a_key_that_comes_as_text_by_copy_and_stream_alike()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Null), ("t.at", OnUnrepresentable.Text));

        Assert.Equal(TableState.Ready,
            Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)).State);
        var copied = Assert.Single(await pipeline.AllLossesAsync());
        await scenario.ExecuteAsync("UPDATE t SET note = 'b'");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

        Assert.Equal("at='2024-01-01 10:00:00+00', name='pg_class', id=7", copied.Key);
        Assert.Equal(copied.Key, Assert.Single(await pipeline.AllLossesAsync()).Key);
    }

    [Fact]
    public async Task An_error_names_the_row_by_a_key_that_comes_as_text_in_words()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        var pipeline = PipelineOf(scenario, ("t.at", OnUnrepresentable.Text));

        var error = Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token)).Error!;

        Assert.Equal(EtlErrorCode.ValueNotRepresentable, error.Code);
        Assert.Equal("at='2024-01-01 10:00:00+00', name='pg_class', id=7", error.Key);
    }

    private static Pipeline PipelineOf(Scenario scenario, params (string Column, OnUnrepresentable Choice)[] choices) =>
        new(scenario.Definition() with { OnUnrepresentable = choices.ToDictionary(c => c.Column, c => c.Choice) });
}
