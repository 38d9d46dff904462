using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Copies that were cut off go on with the ranges that are missing, and rows that moved meanwhile come out right.
/// </summary>
public sealed class ResumeTests(ServerPool pool, ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(Ranges.Full)]
    public async Task A_table_in_progress_goes_on_with_its_missing_ranges_under_a_second_snapshot(string identity)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create + identity);
        await StopAsync(scenario, FaultPoint.RangeStored, 4);
        var before = await RangesAsync(scenario);
        Assert.InRange(before.Count, 4, 6);
        await Ranges.ChurnAsync(scenario);

        var results = await BackfillAsync(scenario);
        var after = await RangesAsync(scenario);
        Assert.Superset(before.ToHashSet(), after.ToHashSet());
        Assert.Equal(2, after.Select(r => r.CopiedAt).Distinct().Count());
        var resumed = results.Single(r => r.Source.Name == before[0].Table);
        Assert.Equal(TableState.CatchingUp, resumed.State);
        Assert.Equal(after.Where(r => r.Table == before[0].Table).Sum(r => r.Rows), resumed.Rows);
        Assert.Equal(resumed.CopiedAt.Value, after.Max(r => r.CopiedAt));
        var status = (await new Pipeline(scenario.Definition()).ReadStatusAsync(Token))!.Tables;
        Assert.Equal(resumed.Rows, status.Single(t => t.Source == resumed.Source).Rows);
        Assert.Equal(resumed.Bytes, status.Single(t => t.Source == resumed.Source).Bytes);

        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task Tables_that_are_finished_stay_as_they_are()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await StopAsync(scenario, FaultPoint.TableRenamed, 1, workers: 1);
        var before = await RangesAsync(scenario);
        await Ranges.ChurnAsync(scenario);
        await StopAsync(scenario, FaultPoint.RangeStored, 1, workers: 1);
        var results = await BackfillAsync(scenario);
        Assert.Single(results, r => !r.Copied && r.State == TableState.Ready);
        Assert.Superset(before.ToHashSet(), (await RangesAsync(scenario)).ToHashSet());
        await EndsEqualAsync(scenario);
    }

    [Theory]
    [InlineData("ADD COLUMN mine VARCHAR")]
    [InlineData("ALTER n TYPE FLOAT")]
    public async Task A_table_in_progress_that_somebody_altered_in_the_destination_starts_again(string alteration)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await scenario.ExecuteAsync("DROP TABLE parts CASCADE");
        await StopAsync(scenario, FaultPoint.RangeStored, 3, workers: 1);
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        using (var connection = file.Connect())
            connection.Execute($"ALTER TABLE {new StateStore(connection, scenario.Definition().Name).ReadTables()[0].HiddenName.Quoted} {alteration}");
        Assert.True(Assert.Single(await BackfillAsync(scenario)).Copied);
        await EndsEqualAsync(scenario, churn: false);
    }

    [Theory]
    [InlineData("items", "ALTER TABLE items ADD COLUMN extra int DEFAULT 7")]
    [InlineData("items", "ALTER TABLE items ALTER n TYPE bigint")]
    [InlineData("items", "VACUUM FULL items")]
    [InlineData("items",
        "TRUNCATE items; INSERT INTO items SELECT g, g, repeat(md5(g::text), 50), NULL FROM generate_series(1, 900) g")]
    [InlineData("items", "ALTER TABLE items DROP CONSTRAINT items_pkey; ALTER TABLE items REPLICA IDENTITY FULL")]
    [InlineData("items", "ALTER TABLE items REPLICA IDENTITY FULL")]
    [InlineData("items", "ALTER TABLE items DROP CONSTRAINT items_pkey; ALTER TABLE items ADD PRIMARY KEY (id)")]
    [InlineData("items", "ALTER TABLE items REPLICA IDENTITY FULL", "ALTER TABLE items DROP CONSTRAINT items_pkey",
        "INSERT INTO items VALUES (5, 9, NULL, 'twin')", "DELETE FROM items WHERE id = 5 AND n = 0",
        "ALTER TABLE items ADD PRIMARY KEY (id)", "ALTER TABLE items REPLICA IDENTITY DEFAULT")]
    [InlineData("parts", "ALTER TABLE parts DETACH PARTITION parts_1; DROP TABLE parts_1")]
    [InlineData("parts",
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2); INSERT INTO parts VALUES (1, 2, 3, 'two')")]
    [InlineData("parts", "TRUNCATE parts_1")]
    public async Task A_table_that_is_no_longer_what_was_begun_starts_again(string table, params string[] changes)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await scenario.ExecuteAsync(table == "items" ? "DROP TABLE parts CASCADE" : "DROP TABLE items CASCADE");
        await StopAsync(scenario, FaultPoint.RangeStored, 3, workers: 1);
        var before = await RangesAsync(scenario);
        foreach (var change in changes) await scenario.ExecuteAsync(change);
        var result = Assert.Single(await BackfillAsync(scenario));
        Assert.True(result.Copied);
        var after = await RangesAsync(scenario);
        Assert.Single(after.Select(r => r.CopiedAt).Distinct());
        Assert.Empty(after.Select(r => r.CopiedAt).Intersect(before.Select(r => r.CopiedAt)));
        await EndsEqualAsync(scenario, churn: false);
    }

    [Fact]
    public async Task A_key_made_again_under_whole_old_rows_is_another_key_and_its_table_starts_again()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Ranges.Create + Ranges.Full + "DROP TABLE parts CASCADE;");
        await StopAsync(scenario, FaultPoint.RangeStored, 3, workers: 1);
        foreach (var change in (string[])
        [
            "ALTER TABLE items DROP CONSTRAINT items_pkey",
            "INSERT INTO items SELECT id, n + 1, big, note FROM items WHERE id <= 1200",
            "DELETE FROM items WHERE id <= 1200 AND n = id % 2",
            "ALTER TABLE items ADD PRIMARY KEY (id)",
        ])
            await scenario.ExecuteAsync(change);
        await BackfillAsync(scenario);
        Assert.Single((await RangesAsync(scenario)).Select(r => r.CopiedAt).Distinct());
        await EndsEqualAsync(scenario, churn: false);
    }

    [Fact]
    public async Task A_key_dropped_after_the_second_snapshot_takes_no_row_of_a_copy_that_is_replayed()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await StopAsync(scenario, FaultPoint.RangeStored, 2, workers: 1);
        await scenario.ExecuteAsync("UPDATE items SET n = n + 1 WHERE id % 5 = 0");
        // One table is in, of two snapshots; the other is copied under a third one.
        await StopAsync(scenario, FaultPoint.TableRenamed, 1, workers: 1);
        await scenario.ExecuteAsync("ALTER TABLE items DROP CONSTRAINT items_pkey");
        await scenario.ExecuteAsync("INSERT INTO items VALUES (6, 99, NULL, 'twin')");
        var results = await BackfillAsync(scenario);
        Assert.Equal(2, results.Where(r => r.State == TableState.CatchingUp).Select(r => r.CopiedAt).Distinct()
            .Count());
        await EndsEqualAsync(scenario, churn: false);
    }

    [Fact]
    public async Task A_worker_that_gets_no_session_when_a_copy_goes_on_leaves_its_ranges_to_the_others()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, Ranges.Create
            + "CREATE PUBLICATION dba FOR TABLE items, parts WITH (publish_via_partition_root = true);");
        await using var role = await RestrictedRole.CreateAsync(scenario, "items, parts, parts_0, parts_1");
        var options = new BackfillOptions { Workers = 2 };
        using (var stop = new StopAt(FaultPoint.RangeStored, 3))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => new Pipeline(role.Definition.Small(), stop).BackfillAsync(options, scenario, stop.Token));
        await Ranges.ChurnAsync(scenario);
        // The run's own session, the snapshot's keeper, who watches the slot, and one more.
        var full = new FaultAction(
            FaultPoint.LaterSnapshotTaken, () => LimitAsync(scenario, role, sessions: 3).GetAwaiter().GetResult());
        var results = await new Pipeline(role.Definition.Small(), full).BackfillAsync(options, scenario, Token);
        Assert.All(results, r => Assert.NotEqual(TableState.SetAside, r.State));
        Assert.Contains(scenario.Events, e =>
            e is Milestone { Level: MilestoneLevel.Warning } m
            && m.Message.Contains("Other sessions", StringComparison.Ordinal));
        await scenario.ExecuteAsync($"ALTER ROLE {role.Name} CONNECTION LIMIT -1");
        await new Pipeline(role.Definition.Small())
            .StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_table_without_a_key_starts_again()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (a int, b text); ALTER TABLE t REPLICA IDENTITY FULL;
            INSERT INTO t SELECT g, repeat('b', 500) FROM generate_series(1, 5000) g
            """);
        await StopAsync(scenario, FaultPoint.RangeStored, 3, workers: 1);
        await scenario.ExecuteAsync("UPDATE t SET b = 'moved' WHERE a % 7 = 0; DELETE FROM t WHERE a % 11 = 0");
        await BackfillAsync(scenario);
        Assert.Single((await RangesAsync(scenario)).Select(r => r.CopiedAt).Distinct());
        await EndsEqualAsync(scenario, churn: false);
    }

    [Fact]
    public async Task A_copy_that_no_stream_follows_starts_again()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        var once = new BackfillOptions { SnapshotOnly = true, Workers = 2 };
        using (var stop = new StopAt(FaultPoint.RangeStored, 5))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => Pipeline(scenario, stop).BackfillAsync(once, scenario, stop.Token));
        await Ranges.ChurnAsync(scenario);
        await new Pipeline(scenario.Definition().Small()).BackfillAsync(once, scenario, Token);
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData(Ranges.Full)]
    public async Task Rows_that_moved_between_the_snapshots_are_there_once_as_they_are_now(string identity)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create + identity);
        await scenario.ExecuteAsync("DROP TABLE parts CASCADE");
        await StopAsync(scenario, FaultPoint.RangeStored, 4, workers: 1);
        // Each of them as single transactions, and all rows alike: those that are copied, and those that are not.
        foreach (var change in (string[])
        [
            "UPDATE items SET n = 1 WHERE id % 5 = 0",
            "UPDATE items SET big = repeat('new', 2000) WHERE id % 7 = 0",
            "UPDATE items SET n = 2 WHERE id % 35 = 0",
            "DELETE FROM items WHERE id % 6 = 0",
            "INSERT INTO items SELECT g, 3, repeat('again', 900), 'again' FROM generate_series(12, 1500, 12) g",
            "UPDATE items SET id = id + 100000 WHERE id % 11 = 0",
            // The keys that became free go to rows that keep their own large values.
            "UPDATE items SET id = id - 1 WHERE id % 11 = 1 AND id % 6 <> 1",
            "UPDATE items SET n = 4 WHERE id % 11 = 0",
            "VACUUM items",
            "UPDATE items SET note = repeat('w', 400) WHERE id % 2 = 0",
        ])
            await scenario.ExecuteAsync(change);
        var results = await BackfillAsync(scenario);
        Assert.Equal(TableState.CatchingUp, Assert.Single(results).State);
        Assert.Equal(2, (await RangesAsync(scenario)).Select(r => r.CopiedAt).Distinct().Count());
        await EndsEqualAsync(scenario, churn: false);
    }

    [Fact]
    public async Task A_truncation_after_the_second_snapshot_takes_the_rows_of_both()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await StopAsync(scenario, FaultPoint.RangeStored, 4, workers: 1);
        await Ranges.ChurnAsync(scenario);
        await BackfillAsync(scenario);
        await scenario.ExecuteAsync(
            "TRUNCATE items, parts; INSERT INTO items SELECT g, g, repeat('x', 5000), 'after' FROM generate_series(1, "
            + "1100) g");
        await Ranges.ChurnAsync(scenario);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task A_row_filter_holds_for_a_copy_that_went_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await scenario.ExecuteAsync(
            "DROP TABLE parts CASCADE; ALTER TABLE items REPLICA IDENTITY DEFAULT; "
            + "CREATE PUBLICATION dba FOR TABLE items WHERE (id % 4 <> 0)");
        var definition = scenario.Definition().Small() with { Publication = "dba" };
        using (var stop = new StopAt(FaultPoint.RangeStored, 4))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Pipeline(definition, stop)
                .BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, stop.Token));
        await scenario.ExecuteAsync("UPDATE items SET id = id + 20001 WHERE id % 3 = 0");
        await scenario.ExecuteAsync("UPDATE items SET n = n + 1 WHERE id % 5 = 0");
        await scenario.ExecuteAsync("DELETE FROM items WHERE id % 13 = 0");
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        Assert.Equal(2, (await RangesAsync(scenario)).Select(r => r.CopiedAt).Distinct().Count());
        await new Pipeline(definition).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertSameAsync(
            "SELECT id || ' ' || n || ' ' || coalesce(md5(big), '') FROM items WHERE id % 4 <> 0",
            "SELECT id || ' ' || n || ' ' || coalesce(md5(big), '') FROM public.items");
    }

    [Theory]
    [InlineData(nameof(FaultPoint.RangeAppended), 2)]
    [InlineData(nameof(FaultPoint.RangeStored), 1)]
    [InlineData(nameof(FaultPoint.RangeStored), 5)]
    public async Task Killed_in_a_copy_and_in_its_resumption_it_ends_equal(string step, int occurrence)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await KillAsync(scenario, PipelineOperation.Backfill, step, occurrence);
        await Ranges.ChurnAsync(scenario);
        await KillAsync(scenario, PipelineOperation.Backfill, nameof(FaultPoint.LaterSnapshotTaken), 1);
        await Ranges.ChurnAsync(scenario, 50);
        await KillAsync(scenario, PipelineOperation.Backfill, nameof(FaultPoint.RangeStored), 2);
        await Ranges.ChurnAsync(scenario, 50);
        await BackfillAsync(scenario);
        Assert.InRange((await RangesAsync(scenario)).Select(r => r.CopiedAt).Distinct().Count(), 2, 3);
        await Ranges.ChurnAsync(scenario, 50);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task Killed_while_the_first_of_its_tables_is_shown_it_ends_equal()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await KillAsync(scenario, PipelineOperation.Backfill, nameof(FaultPoint.TableRenamed), 1);
        await Ranges.ChurnAsync(scenario);
        await BackfillAsync(scenario);
        await Ranges.ChurnAsync(scenario, 50);
        await EndsEqualAsync(scenario);
    }

    [Theory]
    [InlineData(nameof(FaultPoint.BatchApplied), 1)]
    [InlineData(nameof(FaultPoint.BatchCommitted), 1)]
    [InlineData(nameof(FaultPoint.TableRenamed), 1)]
    public async Task Killed_while_a_resumed_copy_catches_up_it_ends_equal(string step, int occurrence)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await KillAsync(scenario, PipelineOperation.Backfill, nameof(FaultPoint.RangeStored), 4);
        await Ranges.ChurnAsync(scenario);
        await BackfillAsync(scenario);
        await Ranges.ChurnAsync(scenario, 100);
        await KillAsync(scenario, PipelineOperation.CatchUp, step, occurrence);
        await Ranges.ChurnAsync(scenario, 100);
        await EndsEqualAsync(scenario);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Ranges.Full)]
    public async Task Killed_at_random_moments_of_its_copy_under_load_it_ends_equal(string identity)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var kills = 0;
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create + identity);
        for (var i = 0; i < 6; i++)
        {
            var step = random.Next(2) == 0 ? nameof(FaultPoint.RangeStored) : nameof(FaultPoint.RangeAppended);
            var occurrence = random.Next(1, 8);
            var churn = Ranges.ChurnAsync(scenario);
            var outcome = await scenario.Process.Small().RunAsync(
                PipelineOperation.Backfill, step, occurrence, cancellationToken: Token);
            await churn;
            output.WriteLine($"{step} {occurrence}: {outcome.ExitCode}");
            if (PipelineProcess.WasKilled(outcome)) kills++;
            else Assert.True(outcome.ExitCode == 0, outcome.ErrorOutput + outcome.Output);
        }
        // The first one, at least, has more ranges before it than it lives for.
        Assert.InRange(kills, 1, 6);
        await EndsEqualAsync(scenario);
    }

    /// <summary>Waits until the role has just so many sessions, and lets it have one more.</summary>
    private static async Task LimitAsync(Scenario scenario, RestrictedRole role, int sessions)
    {
        await Eventually.IsTrueAsync(
            () => scenario.ScalarAsync<bool>(
                $"SELECT count(*) = {sessions} FROM pg_stat_activity WHERE usename = '{role.Name}'"),
            cancellationToken: Token);
        await scenario.ExecuteAsync($"ALTER ROLE {role.Name} CONNECTION LIMIT {sessions + 1}");
    }

    private static async Task EndsEqualAsync(Scenario scenario, bool churn = true)
    {
        var options = new StreamOptions { UntilCaughtUp = true };
        await new Pipeline(scenario.Definition().Small()).StreamAsync(options, scenario, Token);
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
        if (!churn) return;
        await Ranges.ChurnAsync(scenario, 100);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    private static async Task StopAsync(Scenario scenario, FaultPoint step, int occurrence, int workers = 2)
    {
        using var stop = new StopAt(step, occurrence);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Pipeline(scenario, stop)
            .BackfillAsync(new BackfillOptions { Workers = workers }, scenario, stop.Token));
    }

    private static async Task KillAsync(Scenario scenario, PipelineOperation operation, string step, int occurrence)
    {
        var outcome = await scenario.Process.Small().RunAsync(operation, step, occurrence, cancellationToken: Token);
        Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
    }

    private static Pipeline Pipeline(Scenario scenario, IFaultHook faults) =>
        new(scenario.Definition().Small(), faults);

    private static Task<IReadOnlyList<TableCopyResult>> BackfillAsync(Scenario scenario) =>
        new Pipeline(scenario.Definition().Small()).BackfillAsync(new BackfillOptions { Workers = 2 }, scenario, Token);

    private static async Task<List<(string Table, uint Heap, uint Start, ulong CopiedAt, long Rows)>> RangesAsync(
        Scenario scenario)
    {
        var rows = await scenario.Pipeline().QueryAsync(
            "SELECT t.source_table, r.heap, r.start_block, r.copied_at, r.copied_rows FROM etlps.copy_ranges AS r "
            + "JOIN etlps.tables AS t USING (pipeline, oid)", Token);
        return [.. rows.Rows.Select(r => ((string)r[0]!, (uint)r[1]!, (uint)r[2]!, (ulong)r[3]!, (long)r[4]!))];
    }
}
