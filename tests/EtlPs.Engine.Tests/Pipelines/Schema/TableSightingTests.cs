using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Pipelines.Schema;

/// <summary>What is known of a table's file and columns from one look at the source to the next.</summary>
public sealed class TableSightingTests(ServerPool pool)
{
    private const string Setup = """
        CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE beacon (id int PRIMARY KEY);
        INSERT INTO t SELECT g, g FROM generate_series(1, 9) g;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task State_of_an_earlier_version_is_followed_and_has_noted_all_by_its_first_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
            file.Connect().Execute(
                """UPDATE etlps.tables SET horizon = 0, published_by = 0, columns = regexp_replace(columns, ',"altered_by":\d+', '', 'g')""");
        await scenario.ExecuteAsync("ALTER TABLE t ALTER v SET NOT NULL");
        await scenario.ExecuteAsync("VACUUM FULL t");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();

        await scenario.ExecuteAsync("ALTER TABLE t ALTER v TYPE int USING v * 2");

        Assert.Equal("v", Assert.Single((await scenario.CatchUpAsync()).SetAside).Error!.Column);
    }

    [Fact]
    public async Task A_table_truncated_under_a_running_stream_and_altered_later_is_not_taken_for_a_rewritten_one()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        var pipeline = scenario.Pipeline();
        await using (var stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            var before = await FileAsync(pipeline);
            await scenario.ExecuteAsync("TRUNCATE t; INSERT INTO t VALUES (10, 10)");
            await scenario.ExecuteAsync("INSERT INTO beacon VALUES (1)");
            await Eventually.IsTrueAsync(
                async () => !Equals(await FileAsync(pipeline), before), cancellationToken: Token);
            await stream.StopAsync();
        }
        await scenario.ExecuteAsync("ALTER TABLE t ALTER v SET NOT NULL");
        Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_rewrite_is_seen_across_a_restart_that_truncations_and_kept_rows_came_before()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Setup);
        await scenario.BackfillAsync();
        foreach (var passing in new[] { "TRUNCATE t; INSERT INTO t VALUES (10, 10)", "VACUUM FULL t",
            "ALTER TABLE t ALTER v SET STATISTICS 10" })
        {
            await scenario.ExecuteAsync(passing);
            Assert.Empty((await scenario.CatchUpAsync()).SetAside);
        }
        await scenario.ExecuteAsync("ALTER TABLE t ALTER v TYPE int USING v * 2");
        await scenario.ExecuteAsync("VACUUM FULL t");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (11, 11)");
        Assert.Equal("t", Assert.Single((await scenario.CatchUpAsync()).SetAside).Source.Name);
    }

    private static async Task<object?> FileAsync(Pipeline pipeline) => (await pipeline.QueryAsync(
        "SELECT file_node FROM etlps.tables WHERE source_table = 't'", Token)).Rows[0][0];
}
