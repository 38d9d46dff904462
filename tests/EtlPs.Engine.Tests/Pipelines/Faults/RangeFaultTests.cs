using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>
/// What breaks while ranges are copied side by side: the range is copied again or its table ends, and the others go on.
/// </summary>
public sealed class RangeFaultTests(ServerPool pool)
{
    private const string Waiting = "state = 'active' AND wait_event_type = 'Lock' AND query LIKE 'BEGIN%SELECT FROM %'";

    // One range of more than fits into what is read ahead and into a socket's buffers.
    private const string Large = """
        CREATE TABLE large (id int PRIMARY KEY, big text); ALTER TABLE large ALTER big SET STORAGE EXTERNAL;
        INSERT INTO large SELECT g, repeat('b', 10000) FROM generate_series(1, 4000) g;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_whose_session_is_terminated_leaves_its_range_to_the_others()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        var results = await BackfillAsync(
            scenario, FaultPoint.RangeStored, 2, () => scenario.ExecuteAsync(Terminate(limit: 1)));
        Assert.All(results, r => Assert.True(r.Copied));
        Assert.Single(results.Select(r => r.CopiedAt).Distinct());
        Assert.Contains(scenario.Events, e =>
            e is Milestone { Level: MilestoneLevel.Warning } m
            && m.Message.Contains("Other sessions", StringComparison.Ordinal));
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task Workers_that_all_lose_their_connections_go_on_with_what_is_missing_under_the_same_snapshot()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Ranges.Create + "ALTER TABLE items REPLICA IDENTITY FULL;");
        var results = await BackfillAsync(scenario, FaultPoint.RangeStored, 6, async () =>
        {
            await scenario.ExecuteAsync(Terminate(limit: 9));
            await Ranges.ChurnAsync(scenario, 50);
        }, workers: 1);
        Assert.All(results, r => Assert.True(r.Copied));
        Assert.Single(results.Select(r => r.CopiedAt).Distinct());
        Assert.All(results, r => Assert.Equal(TableState.Ready, r.State));
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_snapshot_that_is_lost_with_all_connections_is_followed_by_a_later_one_for_what_is_missing()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        var results = await BackfillAsync(scenario, FaultPoint.RangeStored, 6, async () =>
        {
            await scenario.ExecuteAsync(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND "
                + "pid <> pg_backend_pid()");
            await Ranges.ChurnAsync(scenario, 100);
        }, workers: 1);
        Assert.Contains(results, r => r.State == TableState.CatchingUp);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_statement_that_is_cancelled_is_tried_again()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await using var holder = await scenario.Database.OpenAsync(Token);
        var backfill = BackfillAsync(scenario, FaultPoint.RangeStored, 1, () => LockAsync(holder), workers: 1);
        await CancelAsync(scenario, backfill);
        await ExecuteAsync(holder, "ROLLBACK");
        Assert.All(await backfill, r => Assert.Equal(TableState.Ready, r.State));
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_statement_that_is_cancelled_again_and_again_ends_its_table_and_the_others_go_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await using var holder = await scenario.Database.OpenAsync(Token);
        var backfill = BackfillAsync(scenario, FaultPoint.RangeStored, 1, () => LockAsync(holder), workers: 1);
        for (var i = 0; i < 3; i++) await CancelAsync(scenario, backfill);
        var results = await backfill;
        Assert.Equal(EtlErrorCode.TimedOut, results.Single(r => r.State == TableState.SetAside).Error!.Code);
        Assert.Equal("items", results.Single(r => r.State == TableState.Ready).Source.Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_table_that_is_locked_holds_up_neither_the_look_at_the_catalog_nor_the_copy_of_the_others(
        bool isFollowed)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        await using var holder = await scenario.Database.OpenAsync(Token);
        var options = new BackfillOptions
        {
            Workers = 2, SnapshotOnly = !isFollowed,
            Conditions = isFollowed ? new() : new Dictionary<string, string> { ["parts"] = "n >= 0" },
        };
        if (isFollowed)
        {
            using var stop = new StopAt(FaultPoint.RangeStored, 1);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => scenario.Pipeline(stop).BackfillAsync(options, scenario, stop.Token));
        }
        else
        {
            await LockAsync(holder);
        }
        var copied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is TableStateChanged { State: TableState.Ready or TableState.CatchingUp, Table.Name: "items" })
                copied.TrySetResult();
        };
        var backfill = scenario
            .Pipeline(new FaultAction(FaultPoint.LaterSnapshotTaken, () => LockAsync(holder).GetAwaiter().GetResult()))
            .BackfillAsync(options, scenario, Token);
        await copied.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await ExecuteAsync(holder, "ROLLBACK");
        Assert.All(await backfill, r => Assert.NotEqual(TableState.SetAside, r.State));
        if (isFollowed) await EndsEqualAsync(scenario);
        else await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData("pg_cancel_backend(pid)")]
    [InlineData("pg_terminate_backend(pid, 10000)")]
    public async Task A_COPY_that_is_ended_in_the_middle_of_its_rows_is_made_again_under_the_same_snapshot(string end)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Large + Ranges.Create);
        var ended = false;
        var results = await scenario
            .Pipeline(new FaultAction(FaultPoint.BlockAppended, () => ended = EndCopy(scenario, end)))
            .BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        Assert.True(ended);
        Assert.All(results, r => Assert.True(r.Copied));
        Assert.Single(results.Select(r => r.CopiedAt).Distinct());
        Assert.Equal(4000, results.Single(r => r.Source.Name == "large").Rows);
        await EndsEqualAsync(scenario);
    }

    [Fact]
    public async Task A_COPY_that_is_cancelled_in_the_middle_of_its_rows_again_and_again_ends_its_table_and_the_others_go_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Large + Ranges.Create);
        var cancelled = 0;
        var results = await scenario
            .Pipeline(new FaultHandler(point =>
            {
                if (point == FaultPoint.BlockAppended && EndCopy(scenario, "pg_cancel_backend(pid)")) cancelled++;
            }))
            .BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        Assert.InRange(cancelled, 3, int.MaxValue);
        var aside = Assert.Single(results, r => r.State == TableState.SetAside);
        Assert.Equal(("large", EtlErrorCode.TimedOut), (aside.Source.Name, aside.Error!.Code));
        Assert.Equal(2, results.Count(r => r.State == TableState.Ready));
    }

    [Fact]
    public async Task An_error_in_one_range_ends_its_table_and_the_others_go_on()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            Ranges.Create + """
            CREATE TABLE bad (id int PRIMARY KEY, price numeric(10,2), filler text);
            INSERT INTO bad SELECT g, CASE WHEN g = 7000 THEN 'NaN'::numeric ELSE g END, repeat('f', 500)
                FROM generate_series(1, 9000) g;
            """);
        var results = await BackfillAsync(scenario, FaultPoint.ResetCopied, 1, () => Task.CompletedTask);
        var aside = results.Single(r => r.State == TableState.SetAside);
        Assert.Equal("bad", aside.Source.Name);
        Assert.Equal(EtlErrorCode.ValueNotRepresentable, aside.Error!.Code);
        Assert.Contains("id=7000", aside.Error.Message, StringComparison.Ordinal);
        Assert.Equal(2, results.Count(r => r.State == TableState.Ready));
        var hidden = await scenario.Pipeline()
            .QueryAsync("SELECT 1 FROM duckdb_tables() WHERE starts_with(table_name, '__etlps')", Token);
        Assert.Empty(hidden.Rows);
    }

    [Theory]
    [InlineData("VACUUM FULL items")]
    [InlineData("ALTER TABLE items ALTER n TYPE bigint")]
    public async Task A_table_rewritten_between_two_sessions_of_a_worker_is_copied_again_under_a_new_snapshot(
        string rewrite)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        var results = await BackfillAsync(scenario, FaultPoint.RangeStored, 3, RewriteAsync, workers: 1);
        Assert.All(results, r => Assert.True(r.Copied));
        Assert.Equal(TableState.CatchingUp, results.Single(r => r.Source.Name == "items").State);
        await EndsEqualAsync(scenario);

        async Task RewriteAsync()
        {
            await scenario.ExecuteAsync(Terminate(limit: 9));
            await scenario.ExecuteAsync(rewrite);
        }
    }

    [Fact]
    public async Task A_table_dropped_between_two_sessions_of_a_worker_ends_and_the_others_go_on()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Ranges.Create);
        var results = await BackfillAsync(scenario, FaultPoint.RangeStored, 3, DropAsync, workers: 1);
        Assert.Equal(EtlErrorCode.TableNotFound, results.Single(r => r.Source.Name == "items").Error!.Code);
        Assert.True(results.Single(r => r.Source.Name == "parts").Copied);

        async Task DropAsync()
        {
            await scenario.ExecuteAsync(Terminate(limit: 9));
            await scenario.ExecuteAsync("DROP TABLE items");
        }
    }

    private static Task<IReadOnlyList<TableCopyResult>> BackfillAsync(
        Scenario scenario, FaultPoint step, int occurrence, Func<Task> fault, int workers = 2) =>
        new Pipeline(scenario.Definition()
            .Small(), new FaultAction(step, () => fault().GetAwaiter().GetResult(), occurrence))
            .BackfillAsync(new BackfillOptions { Workers = workers }, scenario, Token);

    private static string Terminate(int limit) => $"""
        SELECT pg_terminate_backend(pid, 10000) FROM (
            SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'COPY %' LIMIT {limit}) AS workers
        """;

    /// <summary>Whether there was a COPY of the large table to end.</summary>
    private static bool EndCopy(Scenario scenario, string end) => scenario.ScalarAsync<bool?>(
        $"SELECT bool_and({end}) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND "
        + "query LIKE 'COPY%large%'")
        .GetAwaiter().GetResult() == true;

    private static Task LockAsync(NpgsqlConnection holder) =>
        ExecuteAsync(holder, "BEGIN; LOCK TABLE parts IN ACCESS EXCLUSIVE MODE");

    /// <summary>
    /// Cancels the statement that waits for the lock, once it does, and waits until it no longer does.
    /// </summary>
    private static async Task CancelAsync(Scenario scenario, Task waiting)
    {
        int? pid = null;
        await Eventually.IsTrueAsync(
            async () => (pid = await scenario.ScalarAsync<int?>(
                $"SELECT max(pid) FROM pg_stat_activity WHERE datname = current_database() AND {Waiting}")) is not null,
            waiting, Token);
        await scenario.ExecuteAsync($"SELECT pg_cancel_backend({pid})");
        await Eventually.IsTrueAsync(
            () => scenario.ScalarAsync<bool>(
                $"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND {Waiting})"),
            cancellationToken: Token);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    private static async Task EndsEqualAsync(Scenario scenario)
    {
        await Ranges.ChurnAsync(scenario, 50);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }
}
