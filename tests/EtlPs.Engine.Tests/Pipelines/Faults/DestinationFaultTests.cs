using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>A destination that cannot store: a typed error, nothing lost, and a run after it that is exact.</summary>
public sealed class DestinationFaultTests(ServerPool pool)
{
    private const string OneTable = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')";

    // Random, so that it cannot be compressed: some 60 MB in transactions of 1,000 rows.
    private const string Large = """
        CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
        BEGIN
            FOR i IN 1..60 LOOP
                INSERT INTO t SELECT g, (SELECT string_agg(md5(random()::text || g || h), '') FROM generate_series(1, 32) h)
                FROM generate_series(i * 1000, i * 1000 + 999) g;
                COMMIT;
            END LOOP;
        END $$
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_destination_whose_making_was_cut_off_is_not_there_yet_for_whoever_looks_and_made_by_the_next_start()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await File.WriteAllBytesAsync(scenario.File, [], Token);

        var status = await scenario.Pipeline().ReadStatusAsync(Token);
        var checks = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);
        var lengthBefore = new FileInfo(scenario.File).Length;
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'b')");
        await scenario.CatchUpAsync();

        Assert.Null(status);
        Assert.EndsWith("does not exist yet and can be made.", checks.Single(c => c.Name == "Destination").Evidence,
            StringComparison.Ordinal);
        Assert.Equal(0, lengthBefore);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_disk_that_fills_up_under_a_stream_is_told_and_with_room_the_next_run_is_exact()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.BackfillAsync();
        await using var disk = await SmallDisk.TryMountAsync(24, Token);
        if (disk is null)
        {
            // Not permitted here. A limit of the system's on a file's size is as real, and needs no rights.
            await FillsUpInAProcessAsync(scenario);
            return;
        }
        var file = Path.Combine(disk.Path, "copy.duckdb");
        File.Copy(scenario.File, file);
        var definition = scenario.Definition() with { Destination = new DuckDbSettings(file) };
        await scenario.ExecuteAsync(Large);
        await scenario.ExecuteAsync("CALL fill()");
        for (var i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(definition, scenario));
            Assert.True(error.Code == EtlErrorCode.DestinationFull, $"{error.Code}: {error.Message}");
            Assert.Contains("Make room", error.Remedy, StringComparison.Ordinal);
        }
        await disk.GrowAsync(400, Token);
        await CatchUpAsync(definition, scenario);
        Assert.Empty(await TableComparison.DifferencesAsync(scenario.Database.ConnectionString, file, Token));
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_file_that_may_not_grow_under_a_backfill_is_told_and_the_next_run_is_exact()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable + ";" + Large);
        await scenario.ExecuteAsync("CALL fill()");
        var outcome = await (scenario.Process with { LargestFile = 24 << 20 })
            .RunAsync(PipelineOperation.CatchUp, cancellationToken: Token);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("DestinationFull", outcome.ErrorOutput, StringComparison.Ordinal);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_file_that_may_not_grow_under_a_stream_is_told_and_the_next_run_is_exact()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.BackfillAsync();
        await FillsUpInAProcessAsync(scenario);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_DuckDB_error_in_mid_apply_ends_the_stream_and_the_next_run_is_exact(int batch)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 200));
        await scenario.BackfillAsync();
        await using (var stream = LiveStream.Start(scenario, faults: new FailingDuckDb(batch)))
        {
            for (var i = 1; i < batch; i++) await stream.WriteAsync($"INSERT INTO orders VALUES (-{i})");
            await Shop.WorkAsync(scenario.Database, 0, 100);
            var error = await Assert.ThrowsAsync<EtlException>(() => stream.Run);
            Assert.Equal(EtlErrorCode.DestinationFailed, error.Code);
            Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
        }
        await Shop.WorkAsync(scenario.Database, 1, 100);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    private static async Task FillsUpInAProcessAsync(Scenario scenario)
    {
        await scenario.ExecuteAsync(Large);
        await scenario.ExecuteAsync("CALL fill()");
        var outcome = await (scenario.Process with { LargestFile = 24 << 20 })
            .RunAsync(PipelineOperation.CatchUp, cancellationToken: Token);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("DestinationFull", outcome.ErrorOutput, StringComparison.Ordinal);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    private static Task<StreamResult> CatchUpAsync(PipelineDefinition definition, Scenario scenario) =>
        new Pipeline(definition).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    /// <summary>DuckDB itself fails when the n-th batch is in the open transaction.</summary>
    private sealed class FailingDuckDb(int batch) : IFaultHook
    {
        private int _reached;

        public void Reached(FaultPoint point)
        {
            if (point != FaultPoint.BatchApplied || Interlocked.Increment(ref _reached) != batch) return;
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT error('canary')";
            command.ExecuteNonQuery();
        }
    }
}
