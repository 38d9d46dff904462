using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Where the copy ends and the stream begins: no row lost, none twice.</summary>
public sealed class HandOverTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_mixed_transactions_committed_during_the_backfill_are_streamed_after_it()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 30000));
        using var workDone = new ManualResetEventSlim();
        Task? work = null;
        // The first range waits for the last of the transactions: all of them fall into the copy.
        var pipeline = scenario.Pipeline(new FaultAction(FaultPoint.RangeAppended, () =>
        {
            work = Task.WhenAll(Enumerable.Range(0, Shop.Workers)
                .Select(w => Shop.WorkAsync(scenario.Database, w, 2500)));
            work.ContinueWith(_ => workDone.Set(), TaskScheduler.Default);
            workDone.Wait(Token);
        }));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await work!;
        var result = await scenario.CatchUpAsync();
        Assert.InRange(result.Transactions, 9000, 10000);
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transactions_begun_before_and_while_the_slot_is_made_arrive_once(bool laterOneCommitsFirst)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); "
            + "INSERT INTO t SELECT g, 'begin' FROM generate_series(1, 100) g");
        await using var first = await scenario.Database.OpenAsync(Token);
        await using var second = await scenario.Database.OpenAsync(Token);
        await ExecuteAsync(
            first, "BEGIN; UPDATE t SET v = 'first' WHERE id <= 10; INSERT INTO t VALUES (1001, 'first')");
        var warned = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Level: MilestoneLevel.Warning } warning) warned.TrySetResult(warning.Message);
        };
        var backfill = scenario.BackfillAsync();
        var warning = await warned.Task.WaitAsync(Token);
        Assert.Contains($"pid {first.ProcessID}", warning, StringComparison.Ordinal);

        await ExecuteAsync(
            second, "BEGIN; UPDATE t SET v = 'second' WHERE id BETWEEN 11 AND 20; "
            + "INSERT INTO t VALUES (1002, 'second')");
        if (laterOneCommitsFirst)
        {
            await ExecuteAsync(second, "COMMIT");
            await ExecuteAsync(first, "COMMIT");
        }
        else
        {
            await ExecuteAsync(first, "DELETE FROM t WHERE id = 50; COMMIT");
            await ExecuteAsync(second, "DELETE FROM t WHERE id = 51; COMMIT");
        }
        var results = await backfill;
        Assert.True(Assert.Single(results).Rows >= 100);
        await ExecuteAsync(first, "UPDATE t SET id = id + 5000 WHERE id % 9 = 0");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_transaction_whose_commit_is_the_first_record_after_the_slots_consistent_point_is_not_lost()
    {
        // A slot waits for the transactions of all databases: another test's would shift the stages, and the third wait
        // for itself.
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var scenario = await Scenario.CreateAsync(
            server, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (0, 'begin')");
        await using var first = await scenario.Database.OpenAsync(Token);
        await using var second = await scenario.Database.OpenAsync(Token);
        await using var third = await scenario.Database.OpenAsync(Token);
        // Postgres goes through three stages, and waits at each for the transactions that run when it begins; only the
        // third transaction may still run when the slot is consistent.
        await ExecuteAsync(first, "BEGIN; INSERT INTO t VALUES (1, 'first')");
        var rightAfter = new FaultAction(
            FaultPoint.SlotCreated, () => ExecuteAsync(third, "COMMIT").GetAwaiter().GetResult());
        var backfill = scenario.Pipeline(rightAfter).BackfillAsync(new BackfillOptions(), scenario, Token);
        await WaitedForAsync(scenario, first, backfill);
        await ExecuteAsync(second, "BEGIN; INSERT INTO t VALUES (2, 'second')");
        await ExecuteAsync(first, "COMMIT");
        await WaitedForAsync(scenario, second, backfill);
        await ExecuteAsync(third, "BEGIN; INSERT INTO t VALUES (3, 'third'); UPDATE t SET v = 'third' WHERE id = 0");
        await ExecuteAsync(second, "COMMIT");
        Assert.Equal(3, Assert.Single(await backfill).Rows);
        var result = await scenario.CatchUpAsync();
        Assert.Equal(1, result.Transactions);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Tables_copied_later_stay_hidden_until_a_busy_stream_has_passed_them()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 2000));
        using var stop = new CancellationTokenSource();
        var interrupted = scenario.Pipeline(new FaultAction(FaultPoint.RangeAppended, stop.Cancel));
        await using var writers = ShopWriters.Start(scenario.Database, connections: 2);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => interrupted.BackfillAsync(new BackfillOptions(), scenario, stop.Token));
        await Shop.WorkAsync(scenario.Database, 2, 200);

        var resumed = await scenario.BackfillAsync();
        var later = resumed.Where(r => r.State == TableState.CatchingUp).ToList();
        Assert.NotEmpty(later);
        foreach (var table in later)
            Assert.Equal(0, await ShownAsync(scenario, table.Destination.Name));

        // The writers never pause: the tables must be shown all the same.
        var result = await scenario.CatchUpAsync();
        Assert.Equal(StreamEnd.CaughtUp, result.EndedBy);
        foreach (var table in later)
            Assert.Equal(1, await ShownAsync(scenario, table.Destination.Name));
        await writers.StopAsync();
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_table_altered_while_the_slot_is_made_is_copied_as_it_is_then()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, v int, w text);
            INSERT INTO t SELECT g, g, 'w' FROM generate_series(1, 100) g;
            CREATE TABLE other (id int PRIMARY KEY);
            """);
        await using var other = await scenario.Database.OpenAsync(Token);
        await ExecuteAsync(other, "BEGIN; INSERT INTO other VALUES (1)");
        var warned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Level: MilestoneLevel.Warning }) warned.TrySetResult();
        };
        var backfill = scenario.BackfillAsync();
        await warned.Task.WaitAsync(Token);
        await scenario.ExecuteAsync(
            "ALTER TABLE t ADD COLUMN extra text DEFAULT 'x', ALTER v TYPE int8, DROP COLUMN w");
        await ExecuteAsync(other, "COMMIT");
        Assert.All(await backfill, r => Assert.Equal(TableState.Ready, r.State));
        await ExecuteAsync(other, "UPDATE t SET v = v + 5000000000, extra = 'y' WHERE id < 5");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_label_added_after_the_survey_and_before_the_snapshot_is_copied(bool isReset)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE t (id int PRIMARY KEY, m mood, a mood[]);
            INSERT INTO t VALUES (1, 'sad', '{happy}');
            CREATE TABLE other (id int PRIMARY KEY);
            """);
        if (isReset) await scenario.BackfillAsync();
        await using var other = await scenario.Database.OpenAsync(Token);
        await ExecuteAsync(other, "BEGIN; INSERT INTO other VALUES (1)");
        var warned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Level: MilestoneLevel.Warning }) warned.TrySetResult();
        };
        var backfill = isReset ? scenario.Pipeline().ResetAsync(["t"], scenario, Token) : scenario.BackfillAsync();
        await warned.Task.WaitAsync(Token);
        await scenario.ExecuteAsync("ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'so so', '{sad,so so}')");
        await ExecuteAsync(other, "COMMIT");

        Assert.All(await backfill, r => Assert.Null(r.Error));
        await scenario.CatchUpAsync();
        await scenario.AssertSameAsync("SELECT concat_ws(' ', id, m, a[1], a[2]) FROM t",
            "SELECT concat_ws(' ', id, m, a[1], a[2]) FROM public.t");
    }

    /// <summary>Waits until the making of a slot waits for this session's transaction.</summary>
    private static Task WaitedForAsync(Scenario scenario, NpgsqlConnection blocker, Task waiting) =>
        Eventually.IsTrueAsync(
        () => scenario.ScalarAsync<bool>($"""
            SELECT EXISTS (SELECT FROM pg_locks AS w JOIN pg_locks AS h USING (locktype, transactionid)
             WHERE locktype = 'transactionid' AND NOT w.granted AND h.granted AND h.pid = {blocker.ProcessID})
            """),
        waiting, Token);

    private static async Task<long> ShownAsync(Scenario scenario, string table) =>
        (long)(await scenario.Pipeline().QueryAsync(
            $"SELECT count(*) FROM duckdb_tables() WHERE table_name = '{table}'", Token)).Rows[0][0]!;

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
