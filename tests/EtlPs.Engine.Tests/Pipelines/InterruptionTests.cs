using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Stops, idle times and second runs: what is committed stays, and nobody is harmed.</summary>
public sealed class InterruptionTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stop_in_mid_copy_never_marks_a_table_as_copied()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, repeat('v', 100) FROM "
            + "generate_series(1, 100000) g");
        // Rows have arrived and are appended; nothing of them is committed.
        using var stop = new CancellationTokenSource();
        scenario.OnEvent = e =>
        {
            if (e is TableCopyProgress or TableStateChanged { State: TableState.Copying }) stop.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => scenario.Pipeline().BackfillAsync(new BackfillOptions(), scenario, stop.Token));
        scenario.OnEvent = null;
        var status = await scenario.Pipeline().ReadStatusAsync(Token);
        Assert.Equal(TableState.Copying, Assert.Single(status!.Tables).State);
        var shown = await scenario.Pipeline()
            .QueryAsync("SELECT count(*) FROM duckdb_tables() WHERE table_name = 't'", Token);
        Assert.Equal(0L, shown.Rows[0][0]);

        await scenario.ExecuteAsync("DELETE FROM t WHERE id % 2 = 0");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Stops_at_random_moments_of_a_copy_end_equal()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        FaultPoint[] steps = [FaultPoint.BlockAppended, FaultPoint.RangeAppended, FaultPoint.RangeStored,
            FaultPoint.TableRenamed];
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 20000));
        scenario.RangeBytes = 400_000;
        var stops = 0;
        for (var i = 0; i < 5; i++)
        {
            // The first stop comes before there is nothing left to stop.
            using var stop = i == 0
                ? new StopAt(FaultPoint.RangeAppended, 1)
                : new StopAt(random.GetItems(steps, 1)[0], random.Next(1, 4));
            try
            {
                await scenario.Pipeline(stop).BackfillAsync(new BackfillOptions { Workers = 2 }, scenario, stop.Token);
            }
            catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
            {
                stops++;
            }
            await Shop.WorkAsync(scenario.Database, i % Shop.Workers, 50);
        }
        Assert.InRange(stops, 1, 5);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_stop_while_the_slot_waits_leaves_a_start_that_can_be_made_again()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
        await using var writer = await scenario.Database.OpenAsync(Token);
        await using var transaction = await writer.BeginTransactionAsync(Token);
        await using var insert = new Npgsql.NpgsqlCommand("INSERT INTO t VALUES (2)", writer, transaction);
        await insert.ExecuteNonQueryAsync(Token);
        using var stop = new CancellationTokenSource();
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Level: MilestoneLevel.Warning }) stop.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => scenario.Pipeline().BackfillAsync(new BackfillOptions(), scenario, stop.Token));
        Assert.Equal(0L, await SlotsAsync(scenario));
        await transaction.CommitAsync(Token);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task An_idle_pipeline_on_a_busy_server_is_stopped_and_started_again_without_pinning_wal()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("CREATE TABLE elsewhere (id int, v text)");
        for (var i = 0; i < 3; i++)
        {
            using var stop = new CancellationTokenSource();
            var target = 0UL;
            scenario.OnEvent = e =>
            {
                // The server's position is known to the stream when it has passed the other table's writes.
                if (e is StreamProgress progress && target != 0
                    && progress.Position.Value + (ulong)progress.LagBytes >= target)
                    stop.Cancel();
            };
            var run = scenario.Pipeline().StreamAsync(new StreamOptions(), scenario, stop.Token);
            await scenario.ExecuteAsync(
                "INSERT INTO elsewhere SELECT g, repeat('x', 200) FROM generate_series(1, 20000) g");
            Volatile.Write(ref target,
                Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text")).Value);
            var result = await run;
            Assert.Equal(StreamEnd.Stopped, result.EndedBy);
            Assert.True(result.Position.Value >= target, $"{result.Position}");
            Assert.Equal(result.Position.ToString(), await scenario.ScalarAsync<string>(
                "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE database = current_database()"));
        }
        scenario.OnEvent = null;
        await scenario.ExecuteAsync("DROP TABLE elsewhere; INSERT INTO t VALUES (1)");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_pipeline_that_idles_on_a_busy_server_moves_its_slot_while_it_runs()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        await using var followed = await FollowedPipeline.StartAsync(scenario, scenario.Pipeline());
        // Five segments, which is more than may lie between two positions that are stored.
        for (var i = 0; i < 5; i++) await scenario.ExecuteAsync("SELECT txid_current(), pg_switch_wal()");
        var target = await scenario.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text");
        await Eventually.IsTrueAsync(
            () => scenario.ScalarAsync<bool>(
                $"SELECT confirmed_flush_lsn >= '{target}' FROM pg_replication_slots WHERE database = "
                + "current_database()"),
            followed.Run, Token);
        var result = await followed.StopAsync();
        Assert.Equal(0, result.Changes);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (1)");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_stop_within_a_large_transaction_stores_nothing_of_it()
    {
        await using var scenario = await Scenario.CreateAsync(pool, LargeTransaction.Tables);
        await scenario.BackfillAsync();
        await LargeTransaction.CommitAsync(scenario);
        using var stop = new StopAt(FaultPoint.PartApplied, 1);
        var result = await scenario.Pipeline(stop).StreamAsync(new StreamOptions(), scenario, stop.Token);
        Assert.Equal(StreamEnd.Stopped, result.EndedBy);
        await LargeTransaction.AssertNothingStoredAsync(scenario);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_server_that_crashes_under_a_stream_sends_again_what_is_stored_and_it_ends_equal()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(pool, "SELECT 1");
        await server.CreateDatabaseAsync("shop", Token);
        // Not disposed: it goes with its server.
        var database = new TestDatabase(server, "shop");
        await database.ExecuteAsync(Shop.Create(rows: 500), Token);
        var definition = scenario.Definition() with { Source = SourceSettings.Parse(database.ConnectionString) };
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        // A server logs a snapshot every 15 s, too, and may write its slots then: after which nothing is sent again.
        for (var tries = 1; !await IsSentAgainAsync(); tries++)
            Assert.True(tries < 5, "The slot never stands before what is stored.");

        await Shop.WorkAsync(database, 0, 50);
        await new Pipeline(definition).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.Empty(await TableComparison.DifferencesAsync(database.ConnectionString, scenario.File, Token));

        async Task<bool> IsSentAgainAsync()
        {
            // The slot is written here, and once more where the first confirmation has passed the snapshot in the WAL;
            // what is confirmed after that is forgotten by a crash.
            await database.ExecuteAsync("CHECKPOINT", Token);
            TaskCompletionSource first = NewSource(), second = NewSource();
            scenario.OnEvent = e =>
            {
                if (e is StreamProgress { Transactions: >= 100 }) first.TrySetResult();
                if (e is StreamProgress { Transactions: > 200 }) second.TrySetResult();
            };
            var run = new Pipeline(definition).StreamAsync(
                new StreamOptions { ReconnectTimeout = TimeSpan.Zero }, scenario, Token);
            await Task.WhenAll(Shop.WorkAsync(database, 0, 100), Shop.WorkAsync(database, 1, 100));
            await first.Task.WaitAsync(Token);
            await Task.WhenAll(Shop.WorkAsync(database, 0, 100), Shop.WorkAsync(database, 1, 100));
            await second.Task.WaitAsync(Token);
            await server.KillAsync(Token);
            Assert.Equal(EtlErrorCode.ConnectionLost, (await Assert.ThrowsAsync<EtlException>(() => run)).Code);
            await server.StartAgainAsync(Token);
            var position = (await new Pipeline(definition).ReadStatusAsync(Token))!.Position;
            return await database.ScalarAsync<bool>(
                $"SELECT confirmed_flush_lsn < '{position}' FROM pg_replication_slots", Token);
        }

        static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Fact]
    public async Task A_second_run_is_refused_and_the_first_goes_on_unharmed()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY)");
        await scenario.BackfillAsync();
        using var stop = new CancellationTokenSource();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is StreamProgress { Changes: > 0 }) started.TrySetResult();
        };
        var first = scenario.Pipeline();
        var run = first.StreamAsync(new StreamOptions(), scenario, stop.Token);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (1)");
        await started.Task.WaitAsync(Token);

        Assert.Equal(EtlErrorCode.PipelineRunning, await CodeAsync(first.StreamAsync));
        Assert.Equal(EtlErrorCode.DestinationLocked, await CodeAsync(scenario.Pipeline().StreamAsync));
        var otherName = new Pipeline(scenario.Definition() with { Name = "other_name" });
        Assert.Equal(EtlErrorCode.DestinationLocked, await CodeAsync(otherName.StreamAsync));
        var otherFile = new Pipeline(
            scenario.Definition() with { Destination = new DuckDbSettings(scenario.File + "2") });
        Assert.Equal(EtlErrorCode.SlotExists, await CodeAsync(otherFile.StreamAsync));
        Assert.False(File.Exists(scenario.File + "2"));
        var process = await scenario.Process.RunAsync(PipelineOperation.CatchUp, cancellationToken: Token);
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("DestinationLocked", process.ErrorOutput, StringComparison.Ordinal);

        await scenario.ExecuteAsync("INSERT INTO t VALUES (2)");
        await stop.CancelAsync();
        Assert.Equal(StreamEnd.Stopped, (await run).EndedBy);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();

        async Task<EtlErrorCode> CodeAsync(
            Func<StreamOptions, IPipelineObserver, CancellationToken, Task<StreamResult>> second)
        {
            var error = await Assert.ThrowsAsync<EtlException>(
                () => second(new StreamOptions { UntilCaughtUp = true }, scenario, Token));
            Assert.NotEmpty(error.Remedy);
            return error.Code;
        }
    }

    private static Task<long> SlotsAsync(Scenario scenario) => scenario.ScalarAsync<long>(
        "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()");
}
