using EtlPs.Engine.Pipelines.Initialization;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>What a DBA prepares, and may prepare again at any time.</summary>
public sealed class InitializationTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE empty (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (10);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
        CREATE TABLE parts_1_0 PARTITION OF parts_1 FOR VALUES FROM (10) TO (15);
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("FOR TABLE t, parts, empty", "")]
    [InlineData("FOR TABLE t, parts, empty WITH (publish_via_partition_root = true)", "")]
    [InlineData("FOR TABLE t, parts_0, parts_1, empty", "")]
    [InlineData("FOR TABLE t, parts_0", "empty parts")]
    [InlineData("FOR TABLE parts", "empty t")]
    [InlineData("FOR TABLE parts_1 WITH (publish_via_partition_root = true)", "empty parts t")]
    public async Task Only_what_is_missing_in_a_publication_is_added_whatever_it_calls_partitions(
        string publication, string missing)
    {
        await using var scenario = await Scenario.CreateAsync(pool, $"{Tables} CREATE PUBLICATION dba {publication}");
        var initialization = new PipelineInitialization(scenario.Definition() with { Publication = "dba" }, null);

        var statements = (await initialization.PlanAsync(Token)).Effects.Select(e => e.Statement!).ToList();

        if (missing.Length == 0) Assert.Empty(statements);
        else Assert.Equal(missing, Names(Assert.Single(statements)));
        await initialization.RunAsync(scenario, Token);
        Assert.Empty((await initialization.PlanAsync(Token)).Effects);
    }

    private static string Names(string statement) => string.Join(
        ' ', statement[(statement.IndexOf("ADD TABLE", StringComparison.Ordinal) + 9)..].Split(',')
            .Select(t => t.Split('.')[^1].Trim('"', ' ')).Order(StringComparer.Ordinal));
}
