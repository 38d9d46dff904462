using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>-OnUnrepresentable Null: NULL in place of the value, and a line for each.</summary>
public sealed class LossTests(ServerPool pool)
{
    private const string Prices = """
        CREATE TABLE prices (id int PRIMARY KEY, price numeric(10,2) NOT NULL, at timestamp, slots timestamp[],
            note text);
        INSERT INTO prices VALUES (1, 1, '2024-01-01', '{2024-01-01}', 'a'),
            (2, 'NaN', '294270-01-01', '{2024-01-01,294270-01-01,NULL}', 'b'),
            (3, 3, NULL, NULL, 'c'), (4, 4, 'infinity', '{2025-05-05,2026-06-06}', 'd')
        """;

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
    public async Task Rows_without_a_key_that_lost_a_value_are_found_when_they_go()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            "CREATE TABLE ticks (v numeric(10,2), n int); ALTER TABLE ticks REPLICA IDENTITY FULL; "
            + "INSERT INTO ticks VALUES ('NaN', 1), ('NaN', 1), (NULL, 1), (1, 2)");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "DELETE FROM ticks WHERE ctid = (SELECT ctid FROM ticks WHERE v = 'NaN' LIMIT 1); "
            + "UPDATE ticks SET n = 3 WHERE v = 'NaN'; INSERT INTO ticks VALUES ('NaN', 4), ('NaN', 4)");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal(
            "1/~ 2/1.00 3/~ 4/~ 4/~",
            await ValueAsync(
                pipeline, "SELECT string_agg(n || '/' || coalesce(v::VARCHAR, '~'), ' ' ORDER BY n) FROM ticks"));
        var losses = await pipeline.AllLossesAsync();
        Assert.Equal(5, losses.Count);
        Assert.All(losses, l => Assert.Null(l.Key));
    }

    [Fact]
    public async Task Rows_without_a_key_that_lost_a_value_are_found_also_when_such_values_are_errors_by_now()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE ticks (v numeric(10,2), n int); ALTER TABLE ticks REPLICA IDENTITY FULL; "
            + "INSERT INTO ticks VALUES ('NaN', 1), ('NaN', 2), (3, 3)");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO ticks VALUES ('NaN', 4)");
        await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync(
            "DELETE FROM ticks WHERE n = 1; UPDATE ticks SET v = 2 WHERE n = 2; DELETE FROM ticks WHERE n = 4");
        var goneOn = await scenario.CatchUpAsync();
        await scenario.ExecuteAsync("INSERT INTO ticks VALUES ('NaN', 5)");
        var refused = await scenario.CatchUpAsync();

        Assert.Empty(goneOn.SetAside);
        Assert.Equal("2.00 3.00", await ValueAsync(pipeline, "SELECT string_agg(v, ' ' ORDER BY n) FROM ticks"));
        Assert.Equal(EtlErrorCode.ValueNotRepresentable, Assert.Single(refused.SetAside).Error!.Code);
    }

    [Fact]
    public async Task A_key_is_never_NULL_but_the_tables_error()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE keyed (k numeric(10,2) PRIMARY KEY, v numeric(10,2)); "
            + "INSERT INTO keyed VALUES (1, 'NaN')");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO keyed VALUES ('NaN', 1)");

        var aside = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside);
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "k"), (aside.Error!.Code, aside.Error.Column));
        Assert.Equal(["v k=1.00 NaN"], await LossesAsync(pipeline));
        var named = await Assert.ThrowsAsync<EtlException>(
            () => PipelineOf(scenario, ("keyed.k", OnUnrepresentable.Null)).ResetAsync(["keyed"], scenario, Token));
        Assert.Equal((EtlErrorCode.InvalidArgument, "k"), (named.Code, named.Column));
    }

    [Theory]
    [InlineData(OnUnrepresentable.Null)]
    [InlineData(OnUnrepresentable.Text)]
    public async Task A_key_is_told_the_same_way_by_copy_and_by_a_stream_in_binary_or_in_text(OnUnrepresentable other)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE other (id int PRIMARY KEY, at timestamp);
            CREATE TABLE keyed (n bigint, s text, "it's" timestamptz, b bytea, x float8, d numeric(10,2), g uuid, v numeric(10,2), note text,
                PRIMARY KEY (n, s, "it's", b, x, d, g));
            INSERT INTO keyed VALUES (-7, 'O''Brien, x=2, a name of some length', '2024-01-01 12:00+02', '\x00ff27',
                1.5, 2.5,
                '6f9619ff-8b86-d011-b42d-00c04fc964ff', 'NaN', 'a')
            """);
        // A text instead of a timestamp makes the whole stream come as text.
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Null), ("other.at", other));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        var copied = Assert.Single(await LossesAsync(pipeline));
        await scenario.ExecuteAsync("UPDATE keyed SET note = 'b'");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal("b", await ValueAsync(pipeline, "SELECT note FROM keyed WHERE v IS NULL"));
        Assert.Equal(
            @"v n=-7, s='O''Brien, x=2, a name of some length', it's='2024-01-01 10:00:00+00', b='\x00\xFF\x27', x='1.5', d=2.50, "
            + "g='6f9619ff-8b86-d011-b42d-00c04fc964ff' NaN",
            copied);
        Assert.Equal([copied], await LossesAsync(pipeline));
    }

    [Theory]
    [InlineData("k", "k=0x00000000C0000000")]
    [InlineData("k, n", "k=0x00000000C0000000, n=7")]
    public async Task A_key_that_goes_and_cannot_be_held_is_named_in_the_tables_error(string columns, string key)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, $"CREATE TABLE keyed (k numeric(10,2), n int, PRIMARY KEY ({columns})); "
            + "INSERT INTO keyed VALUES ('NaN', 7)");
        var pipeline = PipelineOf(scenario);
        await CatchUpAsync(pipeline, scenario, new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("DELETE FROM keyed");

        var error = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside).Error!;
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "k", key), (error.Code, error.Column, error.Key));
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
    public async Task A_value_that_was_lost_is_told_for_each_key_that_its_row_is_given()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, "it's" timestamp[], other text); ALTER TABLE t ALTER "it's"
                SET STORAGE EXTERNAL;
            ALTER TABLE t ALTER other SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g,
                array_fill(CASE WHEN g < 3 THEN '294270-01-01' ELSE '2024-01-01' END::timestamp, ARRAY[1000]),
                    repeat('x', 3000)
                FROM generate_series(1, 4) g
            """);
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "UPDATE t SET id = 11 WHERE id = 1; UPDATE t SET id = 21 WHERE id = 11; UPDATE t SET id = 14 WHERE id = 4");
        // A row that had lost nothing takes the key of one that had.
        await scenario.ExecuteAsync("UPDATE t SET id = CASE id WHEN 2 THEN 30 WHEN 3 THEN 2 END WHERE id IN (2, 3)");
        var end = await CatchUpAsync(pipeline, scenario);

        Assert.Empty(end.SetAside);
        Assert.Equal("21 30", await ValueAsync(
            pipeline, "SELECT string_agg(id, ' ' ORDER BY id) FROM t WHERE \"it's\" IS NULL"));
        Assert.Equal(
            ["id=1", "id=2", "id=21", "id=30"],
            (await pipeline.AllLossesAsync()).Where(l => l.Kind == "beyond DuckDB's last timestamp").Select(l => l.Key)
            .Order(StringComparer.Ordinal));
        Assert.All((await pipeline.AllLossesAsync()), l => Assert.True(l.Lsn.IsKnown));
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

    private static Pipeline PipelineOf(Scenario scenario, params (string Column, OnUnrepresentable Choice)[] choices) =>
        new(
            scenario.Definition() with
            {
                OnUnrepresentable = choices.Length == 0
                    ? new Dictionary<string, OnUnrepresentable> { ["*"] = OnUnrepresentable.Null }
                    : choices.ToDictionary(c => c.Column, c => c.Choice),
            });

    private static Task<StreamResult> CatchUpAsync(
        Pipeline pipeline, Scenario scenario, StreamOptions? options = null) =>
        pipeline.StreamAsync(options ?? new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    private static async Task<List<string>> LossesAsync(Pipeline pipeline) =>
        [.. (await pipeline.AllLossesAsync()).Select(l => $"{l.Column} {l.Key} {l.Kind}")
            .Order(StringComparer.Ordinal)];

    private static async Task<string?> ValueAsync(Pipeline pipeline, string sql) =>
        (await pipeline.QueryAsync(sql, Token)).Rows[0][0]?.ToString();
}
