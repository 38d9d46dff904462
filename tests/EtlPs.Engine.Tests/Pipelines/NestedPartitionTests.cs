using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Partitions of partitions, beside a table between them and their root: their changes come as that table's.
/// </summary>
public sealed class NestedPartitionTests(ServerPool pool)
{
    private const string Tree = """
        CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE parts_2023 PARTITION OF parts FOR VALUES FROM (0) TO (100);
        CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
        CREATE TABLE parts_2024_1 PARTITION OF parts_2024 FOR VALUES FROM (100) TO (150);
        CREATE TABLE parts_2024_2 PARTITION OF parts_2024 FOR VALUES FROM (150) TO (200);
        INSERT INTO parts SELECT g, 'v' FROM generate_series(1, 199) g;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pattern_that_names_a_partition_and_its_own_partitions_follows_it_as_one_table()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tree);
        var pipeline = scenario.Pipeline("parts_2024*");
        var copied = Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        Assert.Equal(("parts_2024", 100L), (copied.Source.Name, copied.Rows));
        var listed = await new PostgresSource(scenario.Definition().Source).ReadTablesAsync(["parts_2024*"], Token);
        Assert.Equal("parts_2024", Assert.Single(listed).Name.Name);

        await scenario.ExecuteAsync(
            "UPDATE parts SET v = 'w' WHERE id % 10 = 0; UPDATE parts SET id = 0 WHERE id = 115");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);
        await scenario.AssertSameAsync("SELECT id || v FROM parts_2024", "SELECT id || v FROM parts_2024");
    }

    [Theory]
    [InlineData("parts, parts_2024_1", "parts")]
    [InlineData("parts_2024_1, parts_2024, parts_2023", "parts_2023 parts_2024")]
    public async Task A_publication_of_a_partition_beside_what_it_belongs_to_has_it_once(
        string published, string tables)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, $"{Tree} CREATE PUBLICATION dba FOR TABLE {published} WITH (publish_via_partition_root = true)");
        var pipeline = scenario.PipelineOf("dba");
        var copied = await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        Assert.Equal(tables, string.Join(' ', copied.Select(c => c.Source.Name).Order(StringComparer.Ordinal)));

        await scenario.ExecuteAsync("UPDATE parts SET v = 'w' WHERE id % 10 = 0");
        Assert.Empty((await CatchUpAsync(pipeline, scenario)).SetAside);
        foreach (var table in tables.Split(' '))
            await scenario.AssertSameAsync($"SELECT id || v FROM {table}", $"SELECT id || v FROM {table}");
    }

    private static Task<StreamResult> CatchUpAsync(Pipeline pipeline, Scenario scenario) =>
        pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
}
