using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>What tests of losses have in common: a table, pipelines with choices, and the lines that are read back.</summary>
internal static class LossRuns
{
    public const string Prices = """
        CREATE TABLE prices (id int PRIMARY KEY, price numeric(10,2) NOT NULL, at timestamp, slots timestamp[],
            note text);
        INSERT INTO prices VALUES (1, 1, '2024-01-01', '{2024-01-01}', 'a'),
            (2, 'NaN', '294270-01-01', '{2024-01-01,294270-01-01,NULL}', 'b'),
            (3, 3, NULL, NULL, 'c'), (4, 4, 'infinity', '{2025-05-05,2026-06-06}', 'd')
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Pipeline PipelineOf(Scenario scenario, params (string Column, OnUnrepresentable Choice)[] choices) =>
        new(
            scenario.Definition() with
            {
                OnUnrepresentable = choices.Length == 0
                    ? new Dictionary<string, OnUnrepresentable> { ["*"] = OnUnrepresentable.Null }
                    : choices.ToDictionary(c => c.Column, c => c.Choice),
            });

    public static Task<StreamResult> CatchUpAsync(
        Pipeline pipeline, Scenario scenario, StreamOptions? options = null) =>
        pipeline.StreamAsync(options ?? new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    public static async Task<List<string>> LossesAsync(Pipeline pipeline) =>
        [.. (await pipeline.AllLossesAsync()).Select(l => $"{l.Column} {l.Key} {l.Kind}")
            .Order(StringComparer.Ordinal)];

    public static async Task<string?> ValueAsync(Pipeline pipeline, string sql) =>
        (await pipeline.QueryAsync(sql, Token)).Rows[0][0]?.ToString();
}
