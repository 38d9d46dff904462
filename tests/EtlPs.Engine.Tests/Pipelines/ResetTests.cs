using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Tables that are copied again, beside a stream and without one.</summary>
public sealed class ResetTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bad (id int PRIMARY KEY, price numeric(10,2));
        INSERT INTO good VALUES (1); INSERT INTO bad VALUES (1, 1)
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_run_the_earlier_rows_stay_until_the_next_stream_has_come_to_the_copy()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (42, 'NaN')");
        var stop = new StreamOptions { UntilCaughtUp = true, OnTableError = OnTableError.Stop };
        await Assert.ThrowsAsync<EtlException>(() => scenario.CatchUpAsync(stop));
        await scenario.ExecuteAsync("UPDATE bad SET price = 3; INSERT INTO good VALUES (2)");

        var reset = Assert.Single(await scenario.Pipeline().ResetAsync(["bad"], scenario, Token));

        Assert.Equal((TableState.CatchingUp, 2L), (reset.State, reset.Rows));
        Assert.Equal(1L, await CountAsync(scenario, "bad"));
        Assert.Contains(scenario.Events.OfType<Milestone>(),
            m => m.Message.Contains("next Start-EtlStream", StringComparison.Ordinal));
        await scenario.CatchUpAsync(stop);
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Beside_a_stream_under_load_every_table_is_swapped_and_the_stream_stores_commits_meanwhile()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 2000));
        await scenario.BackfillAsync();
        Pipeline? pipeline = null;
        var copied = 0;
        var watch = new FaultHandler(point =>
        {
            if (point != FaultPoint.ResetCopied || Interlocked.Increment(ref copied) > 1) return;
            // The reset stands still here: only the stream can move the position.
            var before = Position(pipeline!);
            Assert.True(SpinWait.SpinUntil(() => Position(pipeline!) > before, TimeSpan.FromMinutes(2)),
                "The stream stores nothing.");
        });
        pipeline = scenario.Pipeline(watch);
        await using var writers = ShopWriters.Start(scenario.Database, connections: 2);
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);

        var reset = await pipeline.ResetAsync(["*"], scenario, Token);

        Assert.Equal(5, reset.Count);
        Assert.All(reset, r => Assert.Equal((TableState.Ready, true, null), (r.State, r.Copied, r.Error)));
        await writers.StopAsync();
        await stream.StopAsync();
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Beside_a_stream_the_ranges_of_a_table_are_copied_side_by_side()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        scenario.RangeBytes = Ranges.Bytes;
        await scenario.BackfillAsync();
        var (copying, together) = (0, false);
        var watch = new FaultHandler(point =>
        {
            if (point != FaultPoint.RangeAppended || Volatile.Read(ref together)) return;
            if (Interlocked.Increment(ref copying) == 2) Volatile.Write(ref together, true);
            SpinWait.SpinUntil(() => Volatile.Read(ref together), TimeSpan.FromSeconds(30));
            Interlocked.Decrement(ref copying);
        });
        var pipeline = new Pipeline(scenario.Definition(), watch);
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);
        await Ranges.ChurnAsync(scenario, 50);

        var reset = Assert.Single(await pipeline.ResetAsync(["items"], scenario, Token));

        Assert.True(together);
        Assert.Equal((TableState.Ready, true, null), (reset.State, reset.Copied, reset.Error));
        Assert.Equal(await scenario.ScalarAsync<long>("SELECT count(*) FROM items"), reset.Rows);
        await stream.StopAsync();
        await Ranges.ChurnAsync(scenario, 50);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_changed_schema_is_read_again_and_an_unknown_table_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("ALTER TABLE bad ADD more text");
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (2, 2, 'two')");
        var aside = Assert.Single((await scenario.CatchUpAsync()).SetAside);
        Assert.Equal(EtlErrorCode.SchemaChanged, aside.Error!.Code);
        Assert.Contains("Reset-EtlTable", aside.Error.Remedy, StringComparison.Ordinal);
        var pipeline = scenario.Pipeline();
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);

        var unknown = await Assert.ThrowsAsync<EtlException>(() => pipeline.ResetAsync(["none"], scenario, Token));
        var reset = Assert.Single(await pipeline.ResetAsync(["bad"], scenario, Token));

        Assert.Equal(EtlErrorCode.TableNotFound, unknown.Code);
        Assert.Equal((TableState.Ready, null), (reset.State, reset.Error));
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (3, 3, 'three'); INSERT INTO good VALUES (3)");
        await stream.StopAsync();
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_second_reset_of_a_table_is_refused_and_one_that_fails_leaves_the_earlier_rows()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        Pipeline? pipeline = null;
        IReadOnlyList<TableCopyResult> second = [];
        pipeline = scenario.Pipeline(new FaultAction(
            FaultPoint.ResetSlotCreated,
            () => second = pipeline!.ResetAsync(["bad"], scenario, Token).GetAwaiter().GetResult()));
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);

        var first = Assert.Single(await pipeline.ResetAsync(["bad"], scenario, Token));
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (42, 'NaN')");
        var failed = Assert.Single(await pipeline.ResetAsync(["bad"], scenario, Token));

        Assert.Null(first.Error);
        Assert.Equal(EtlErrorCode.ResetRunning, Assert.Single(second).Error!.Code);
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "id=42"), (failed.Error!.Code, failed.Error.Key));
        await stream.StopAsync();
        Assert.Equal(1L, await CountAsync(scenario, "bad"));
    }

    [Fact]
    public async Task A_partitioned_table_is_copied_again_through_its_root()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
            CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
            INSERT INTO parts SELECT g, 'v' || g FROM generate_series(1, 150) g
            """);
        await scenario.BackfillAsync();
        var pipeline = scenario.Pipeline();
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);

        var reset = Assert.Single(await pipeline.ResetAsync(["parts"], scenario, Token));

        Assert.Equal((TableState.Ready, 150L), (reset.State, reset.Rows));
        await scenario.ExecuteAsync("UPDATE parts SET id = id + 130 WHERE id = 50; DELETE FROM parts WHERE id = 101");
        await stream.StopAsync();
        await scenario.CatchUpAsync();
        Assert.Equal(149L, await CountAsync(scenario, "parts"));
        await scenario.AssertNothingLeftOverAsync();
    }

    [Theory]
    [InlineData(nameof(FaultPoint.ResetSlotCreated), 1)]
    [InlineData(nameof(FaultPoint.ResetCopied), 2)]
    [InlineData(nameof(FaultPoint.ResetCaughtUp), 1)]
    [InlineData(nameof(FaultPoint.ResetTakenOver), 1)]
    [InlineData(nameof(FaultPoint.TableRenamed), 1)]
    public async Task Killed_in_a_reset_beside_a_stream_the_next_run_ends_equal(string step, int occurrence)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 500));
        await scenario.BackfillAsync();
        await using (ShopWriters.Start(scenario.Database, connections: 2))
        {
            var outcome = await scenario.Process.RunAsync(
                PipelineOperation.FollowAndReset, step, occurrence, cancellationToken: Token);
            Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
        }
        foreach (var table in new[] { "orders", "lines", "docs", "journal", "\"Mixed Case\"" })
            Assert.True(await CountAsync(scenario, table) > 0);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Where_the_stream_ends_in_a_reset_of_several_tables_each_is_told_by_itself()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Tables + "; CREATE TABLE third (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        FollowedPipeline? stream = null;
        Task<StreamResult>? stopping = null;
        IReadOnlyList<TableCopyResult> reset;
        var pipeline = scenario.Pipeline(new FaultAction(
            FaultPoint.ResetCopied,
            () =>
            {
                stopping = stream!.StopAsync();
                // Without its slot the stream takes nothing over any more.
                SpinWait.SpinUntil(() => Token.IsCancellationRequested || !scenario.ScalarAsync<bool>(
                    "SELECT active FROM pg_replication_slots WHERE NOT temporary AND database = current_database()")
                    .GetAwaiter().GetResult());
            },
            occurrence: 2));
        await using (stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            reset = await pipeline.ResetAsync(["*"], scenario, Token);
            await stopping!;
        }
        Assert.Equal(
            [null, EtlErrorCode.ResetInterrupted, EtlErrorCode.ResetInterrupted], reset.Select(r => r.Error?.Code));
        Assert.All(reset, r => Assert.Equal(TableState.Ready, r.State));
        Assert.Contains("Nothing is to be done", reset[1].Error!.Remedy, StringComparison.Ordinal);
        Assert.Contains("Reset-EtlTable", reset[2].Error!.Remedy, StringComparison.Ordinal);
        var again = Assert.Single((await scenario.CatchUpAsync()).Backfilled);
        Assert.Equal(reset[1].Source, again.Source);
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_copy_that_the_stream_has_taken_over_stays_whatever_becomes_of_its_own_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        var pipeline = scenario.Pipeline(
            new FaultAction(FaultPoint.ResetHandedOver, () => throw new IOException("The copy's own stream broke.")));
        await using (var stream = await FollowedPipeline.StartAsync(scenario, pipeline))
        {
            var reset = Assert.Single(await pipeline.ResetAsync(["bad"], scenario, Token));
            Assert.Equal((TableState.Ready, true, null), (reset.State, reset.Copied, reset.Error));
            await scenario.ExecuteAsync("INSERT INTO bad VALUES (2, 2)");
            await stream.StopAsync();
        }
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    private static Lsn Position(Pipeline pipeline) =>
        pipeline.ReadStatusAsync(CancellationToken.None).GetAwaiter().GetResult()!.Position;

    private static async Task<long> CountAsync(Scenario scenario, string table) => Convert.ToInt64(
        (await scenario.Pipeline().QueryAsync($"SELECT count(*) FROM public.{table}", Token)).Rows.Single()[0],
        System.Globalization.CultureInfo.InvariantCulture);
}
