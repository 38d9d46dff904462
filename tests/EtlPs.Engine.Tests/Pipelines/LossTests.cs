using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;
using static EtlPs.Engine.Tests.Pipelines.LossRuns;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>-OnUnrepresentable Null: NULL in place of the value, and a line for each.</summary>
public sealed class LossTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_value_is_NULL_and_its_loss_is_told_by_copy_and_stream_and_all_else_is_as_it_was()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Prices);
        var pipeline = PipelineOf(scenario);
        var copied = Assert.Single(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        await scenario.ExecuteAsync(
            "INSERT INTO prices VALUES (5, 'NaN', NULL, '{294270-01-01}', 'e'); "
            + "UPDATE prices SET price = 'NaN' WHERE id = 1; DELETE FROM prices WHERE id = 3");
        var streamed = await CatchUpAsync(pipeline, scenario);

        Assert.Equal((TableState.Ready, 4L), (copied.State, copied.Rows));
        Assert.Empty(streamed.SetAside);
        Assert.Equal(
            "1/~/2024-01-01 00:00:00/2024-01-01 00:00:00/a 2/~/~/~/b 4/4.00/infinity/2025-05-05 00:00:00;2026-06-06 "
            + "00:00:00/d 5/~/~/~/e",
            await ValueAsync(pipeline,
                "SELECT string_agg(concat_ws('/', id, coalesce(price::VARCHAR, '~'), coalesce(\"at\"::VARCHAR, '~'), "
                + "coalesce(array_to_string(slots, ';'), '~'), note), ' ' ORDER BY id) FROM prices"));
        var losses = await LossesAsync(pipeline);
        Assert.Equal(
            [
                "at id=2 beyond DuckDB's last timestamp", "price id=1 NaN", "price id=2 NaN", "price id=5 NaN",
                "slots id=2 beyond DuckDB's last timestamp", "slots id=5 beyond DuckDB's last timestamp",
            ],
            losses);
        var lines = await pipeline.AllLossesAsync();
        Assert.All(lines.Where(l => l.Key == "id=2"), l => Assert.Equal(copied.CopiedAt, l.Lsn));
        Assert.All(
            lines.Where(l => l.Key != "id=2"), l => Assert.True(l.Lsn > copied.CopiedAt && l.Lsn <= streamed.Position));
        Assert.All(lines, l => Assert.Equal(new TableName("public", "prices"), l.Destination));
        Assert.All(lines, l => Assert.InRange(
            l.Time, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddSeconds(1)));
    }

    [Fact]
    public async Task A_value_that_is_written_again_is_one_line_with_the_last_LSN()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Prices);
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("UPDATE prices SET note = 'x' WHERE id = 2");
        var first = await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync("UPDATE prices SET note = 'y' WHERE id = 2");
        var last = await CatchUpAsync(pipeline, scenario);

        Assert.Equal(3, (await LossesAsync(pipeline)).Count);
        Assert.All(
            await pipeline.AllLossesAsync("prices"),
            l => Assert.True(l.Lsn > first.Position && l.Lsn <= last.Position, $"{l}"));
    }

    [Fact]
    public async Task A_batch_touches_the_lines_of_its_own_losses_only()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Prices);
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        // Were all lines of the table gone through for each batch, this one of another row would be found to be there
        // twice.
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        using (var connection = file.Connect())
            connection.Execute("INSERT INTO etlps.losses SELECT * FROM etlps.losses WHERE column_name = 'price'");
        await scenario.ExecuteAsync("UPDATE prices SET price = 'NaN' WHERE id = 1");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal(
            ["price id=1 NaN", "price id=2 NaN", "price id=2 NaN"],
            (await LossesAsync(pipeline)).Where(l => l.StartsWith("price", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(PipelineOperation.Backfill, nameof(FaultPoint.RangeAppended))]
    [InlineData(PipelineOperation.Backfill, nameof(FaultPoint.RangeStored))]
    [InlineData(PipelineOperation.CatchUp, nameof(FaultPoint.BatchApplied))]
    [InlineData(PipelineOperation.CatchUp, nameof(FaultPoint.BatchCommitted))]
    public async Task Each_loss_is_told_once_whenever_the_run_is_killed(PipelineOperation operation, string step)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            "CREATE TABLE prices (id int PRIMARY KEY, price numeric(10,2), filler text); INSERT INTO prices "
            + "SELECT g, CASE WHEN g % 3 = 0 THEN 'NaN' ELSE g::numeric END, repeat('x', 1000) FROM generate_series(1, "
            + "300) g");
        scenario.RangeBytes = 64 << 10;
        var pipeline = PipelineOf(scenario);
        var expected = 100;
        if (operation == PipelineOperation.CatchUp)
        {
            await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
            await scenario.ExecuteAsync(
                "INSERT INTO prices SELECT g, 'NaN' FROM generate_series(1001, 1050) g; "
                + "UPDATE prices SET price = 'NaN' WHERE id = 1");
            expected = 151;
        }

        var outcome = await (scenario.Process with { OnUnrepresentable = "Null" })
            .RunAsync(operation, step, 1, null, Token);
        Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
        await CatchUpAsync(pipeline, scenario);

        var losses = await LossesAsync(pipeline);
        Assert.Equal(expected, losses.Count);
        Assert.Equal(losses.Distinct(), losses);
        Assert.Equal(expected, Convert.ToInt32(
            await ValueAsync(pipeline, "SELECT count(*) FROM prices WHERE price IS NULL"), null));
    }

    [Fact]
    public async Task Values_that_are_fetched_and_values_that_stay_are_told_once()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, n int, price numeric(10,2), large timestamp[]);
            ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g, 0, CASE WHEN g = 1 THEN 'NaN'::numeric ELSE 1 END,
                array_fill('294270-01-01'::timestamp, ARRAY[1000]) FROM generate_series(1, 2) g
            """);
        var pipeline = PipelineOf(scenario);
        await CatchUpAsync(pipeline, scenario, new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("UPDATE t SET n = 1");
        await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync("UPDATE t SET n = 2");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal("2", await ValueAsync(pipeline, "SELECT count(*) FROM t WHERE n = 2 AND large IS NULL"));
        Assert.Equal(
            ["large id=1 beyond DuckDB's last timestamp", "large id=2 beyond DuckDB's last timestamp",
                "price id=1 NaN"],
            await LossesAsync(pipeline));
    }

    [Fact]
    public async Task A_large_transaction_has_all_its_losses_at_its_own_end()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, price numeric(10,2), filler text)");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "INSERT INTO t SELECT g, CASE WHEN g % 100 = 0 THEN 'NaN'::numeric ELSE 1 END, repeat('x', 500) FROM "
            + "generate_series(1, 100000) g");
        await CatchUpAsync(pipeline, scenario);

        var losses = await pipeline.AllLossesAsync();
        Assert.Equal(1000, losses.Count);
        Assert.True(Assert.Single(losses.Select(l => l.Lsn).Distinct()).IsKnown);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_table_that_is_copied_again_has_the_losses_of_the_new_copy(bool beside)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Prices);
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync(
            "ALTER TABLE prices REPLICA IDENTITY FULL; ALTER TABLE prices REPLICA IDENTITY DEFAULT; "
            + "UPDATE prices SET price = 5, at = NULL WHERE id = 2");

        if (beside)
        {
            await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);
            Assert.Null(Assert.Single(await pipeline.ResetAsync(["prices"], scenario, Token)).Error);
        }
        else
        {
            await pipeline.ResetAsync(["prices"], scenario, Token);
            Assert.Equal(3, (await LossesAsync(pipeline)).Count);
            await CatchUpAsync(pipeline, scenario);
        }

        Assert.Equal(["slots id=2 beyond DuckDB's last timestamp"], await LossesAsync(pipeline));
    }

    [Fact]
    public async Task A_table_set_aside_goes_on_with_Null_after_a_reset_and_the_others_take_the_choice_at_once()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, $"{Prices}; CREATE TABLE other (id int PRIMARY KEY, v numeric(10,2)); "
            + "INSERT INTO other VALUES (1, 1)");
        await scenario.BackfillAsync();
        Assert.Equal(TableState.SetAside, (await scenario.Pipeline().ReadTablesAsync(["prices"], Token))
            .Single().State);
        var pipeline = PipelineOf(scenario);
        await pipeline.ResetAsync(["prices"], scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO other VALUES (2, 'NaN')");
        var result = await CatchUpAsync(pipeline, scenario);

        Assert.Empty(result.SetAside);
        Assert.Equal(4, (await LossesAsync(pipeline)).Count);
        Assert.Contains(
            scenario.Events.OfType<Milestone>(),
            m => m.Message.StartsWith("-OnUnrepresentable is another one", StringComparison.Ordinal)
                && m.Message.Contains("public.other", StringComparison.Ordinal));
        // A definition without the choice takes it back.
        await scenario.ExecuteAsync("INSERT INTO other VALUES (3, 'NaN')");
        Assert.Equal("other", Assert.Single((await scenario.CatchUpAsync()).SetAside).Source.Name);
    }

    [Fact]
    public async Task Quarantine_sets_the_table_aside_also_in_a_run_that_is_to_stop()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY, v numeric(10,2)); "
            + "CREATE TABLE b (id int PRIMARY KEY, v numeric(10,2))");
        var pipeline = PipelineOf(scenario, ("a.v", OnUnrepresentable.Quarantine));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        var stop = new StreamOptions { UntilCaughtUp = true, OnTableError = OnTableError.Stop };
        await scenario.ExecuteAsync("INSERT INTO a VALUES (1, 'NaN'); INSERT INTO b VALUES (1, 1)");
        var result = await CatchUpAsync(pipeline, scenario, stop);
        Assert.Equal("a", Assert.Single(result.SetAside).Source.Name);
        Assert.Equal("1", await ValueAsync(pipeline, "SELECT count(*) FROM b"));

        await scenario.ExecuteAsync("INSERT INTO b VALUES (2, 'NaN')");
        var error = await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(pipeline, scenario, stop));
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "id=2"), (error.Code, error.Key));
    }

    [Fact]
    public async Task All_losses_are_read_once_each_and_in_order_however_many_there_are()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Prices);
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        using (var connection = file.Connect())
            connection.Execute(
                "INSERT INTO etlps.losses SELECT l.* REPLACE ('id=' || i AS key, CASE i % 3 WHEN 0 THEN NULL ELSE i % "
                + "5 END AS lsn) FROM (SELECT * FROM etlps.losses WHERE column_name = 'price') AS l, range(60000) AS r "
                + "(i)");

        var losses = await pipeline.AllLossesAsync();
        Assert.Equal((60_003, 60_000), (losses.Count, losses.Select(l => l.Key).Distinct().Count()));
        Assert.Equal(losses.OrderBy(l => l.Column, StringComparer.Ordinal).ThenBy(l => l.Lsn), losses);
    }

    [Fact]
    public async Task Losses_go_with_the_pipeline_and_are_read_from_files_of_before_as_none()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Prices);
        var pipeline = PipelineOf(scenario);
        Assert.Empty(await pipeline.AllLossesAsync());
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        Assert.Equal(3, (await LossesAsync(pipeline)).Count);
        Assert.Equal(
            EtlErrorCode.TableNotFound,
            (await Assert.ThrowsAsync<EtlException>(() => pipeline.AllLossesAsync("none"))).Code);
        await pipeline.RemoveAsync(scenario, Token);
        Assert.Equal("0", await ValueAsync(pipeline, "SELECT count(*) FROM etlps.losses"));
    }
}
