using EtlPs.Engine.Changes;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Transactions that the server sends while they are open: with logical_decoding_work_mem at its least, 64 kB, that is
/// every one of some hundred rows.
/// </summary>
public sealed class StreamedTransactionTests(ServerPool pool)
{
    private const string Table =
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 500) g;";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Interleaved_transactions_come_whole_and_in_the_order_of_their_commits()
    {
        await using var scenario =
            await CreateAsync(
                "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE small (id int PRIMARY KEY, n int); "
                + "INSERT INTO small VALUES (1, 0)");
        await using var a = await OpenTransaction.BeginAsync(scenario.Database);
        await using var b = await OpenTransaction.BeginAsync(scenario.Database);
        await using var c = await OpenTransaction.BeginAsync(scenario.Database);
        for (var round = 0; round < 3; round++)
        {
            await a.ExecuteAsync(Rows(round * 1000, 500));
            await b.ExecuteAsync(Rows(10000 + (round * 1000), 500));
            await c.ExecuteAsync(Rows(20000 + (round * 1000), 500));
            await scenario.ExecuteAsync($"UPDATE small SET n = {round}");
        }
        await b.ExecuteAsync("COMMIT");
        await scenario.ExecuteAsync("UPDATE t SET v = v || '!' WHERE id % 7 = 0");
        await c.ExecuteAsync("ROLLBACK");
        await a.ExecuteAsync(
            "UPDATE t SET v = 'a' WHERE id = 10000; UPDATE t SET id = id + 50000 WHERE id < 100; COMMIT");
        await AssertStreamedAndEqualAsync(scenario);
    }

    [Fact]
    public async Task Savepoints_rolled_back_leave_nothing_behind()
    {
        await using var scenario = await CreateAsync(Table);
        await scenario.ExecuteAsync($"""
            BEGIN; {Rows(1000, 600)}; SAVEPOINT a; {Rows(2000, 600)}; UPDATE t SET v = 'never' WHERE id <= 100;
            SAVEPOINT b; {Rows(3000, 600)}; DELETE FROM t WHERE id > 200; ROLLBACK TO b; {Rows(4000, 600)};
            SAVEPOINT c; {Rows(5000, 600)}; RELEASE c; ROLLBACK TO a; {Rows(6000, 600)};
            SAVEPOINT d; {Rows(7000, 600)}; SAVEPOINT e; UPDATE t SET v = 'kept' WHERE id BETWEEN 7000 AND 7100;
            RELEASE e; RELEASE d;
            SAVEPOINT f; TRUNCATE t; {Rows(1000, 600)}; ROLLBACK TO f; UPDATE t SET id = -id WHERE id <= 50; COMMIT
            """);
        await scenario.ExecuteAsync($"BEGIN; SAVEPOINT all_of_it; {Rows(20000, 2000)}; ROLLBACK TO all_of_it; COMMIT");
        await scenario.ExecuteAsync(
            $"BEGIN; SAVEPOINT s; {Rows(30000, 2000)}; ROLLBACK TO s; INSERT INTO t VALUES (40000, 'one'); COMMIT");
        await AssertStreamedAndEqualAsync(scenario);
    }

    [Fact]
    public async Task A_loop_that_catches_its_errors_keeps_what_succeeded()
    {
        await using var scenario = await CreateAsync(Table);
        await scenario.ExecuteAsync("""
            DO $$ BEGIN FOR i IN 1000..3000 LOOP
              BEGIN
                INSERT INTO t VALUES (i, repeat('x', 200));
                IF i % 3 = 0 THEN INSERT INTO t VALUES (i, 'twice'); END IF;
              EXCEPTION WHEN unique_violation THEN UPDATE t SET v = v || 'e' WHERE id = i % 500 + 1; END;
            END LOOP; END $$
            """);
        await AssertStreamedAndEqualAsync(scenario);
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_was_never_there()
    {
        await using var scenario = await CreateAsync(Table);
        await using (var open = await OpenTransaction.BeginAsync(scenario.Database))
        {
            await open.ExecuteAsync(Rows(1000, 3000));
            await open.ExecuteAsync("UPDATE t SET v = 'never'; ROLLBACK");
        }
        await scenario.ExecuteAsync("INSERT INTO t VALUES (1000, 'ever')");
        // Postgres 18 knows by then that it was rolled back, and sends nothing of it.
        var result = scenario.Database.Server.Version < 18
            ? await CatchUpStreamedAsync(scenario)
            : await scenario.CatchUpAsync();
        Assert.Equal(1, result.Changes);
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_schema_that_was_rolled_back_is_not_the_tables()
    {
        await using var scenario = await CreateAsync(Table);
        await scenario.ExecuteAsync($"""
            BEGIN; {Rows(1000, 600)}; SAVEPOINT a; ALTER TABLE t ADD COLUMN more int;
            INSERT INTO t SELECT g, 'm', g FROM generate_series(2000, 4000) g;
            ROLLBACK TO a; {Rows(5000, 600)}; COMMIT
            """);
        await using (var open = await OpenTransaction.BeginAsync(scenario.Database))
        {
            await open.ExecuteAsync(
                "ALTER TABLE t DROP COLUMN v; INSERT INTO t SELECT g FROM generate_series(10000, 14000) g");
            await open.ExecuteAsync("ROLLBACK");
        }
        await scenario.ExecuteAsync("INSERT INTO t VALUES (20000, 'after')");
        Assert.Empty((await AssertStreamedAndEqualAsync(scenario)).SetAside);
    }

    [Fact]
    public async Task A_schema_that_was_committed_sets_its_table_aside()
    {
        await using var scenario = await CreateAsync(Table + "CREATE TABLE other (id int PRIMARY KEY)");
        await scenario.ExecuteAsync("""
            INSERT INTO other SELECT g FROM generate_series(1, 2000) g;
            ALTER TABLE t ADD COLUMN more int; INSERT INTO t SELECT g, 'm', g FROM generate_series(2000, 4000) g
            """);
        await scenario.ExecuteAsync("INSERT INTO other VALUES (5000)");
        var result = await scenario.CatchUpAsync();
        Assert.Equal(EtlErrorCode.SchemaChanged, Assert.Single(result.SetAside).Error!.Code);
        var rows = await scenario.Pipeline().QueryAsync("SELECT count(*) FROM other", Token);
        Assert.Equal([2001L], rows.Rows[0]);
    }

    [Fact]
    public async Task A_schema_that_only_a_streamed_transaction_told_is_known_afterwards()
    {
        await using var scenario = await CreateAsync(Table);
        var chunks = new ChunkCount();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pipeline = scenario.Pipeline(chunks);
        var run = pipeline.StreamAsync(new StreamOptions(), scenario, stop.Token);
        await scenario.ExecuteAsync(Rows(1000, 1000));
        await Task.WhenAny(chunks.First, run);
        // Within the same connection the server does not announce the table again.
        await scenario.ExecuteAsync("UPDATE t SET v = 'small' WHERE id = 1");
        await Eventually.IsTrueAsync(
            async () => (await pipeline.QueryAsync("SELECT count(*) FROM t WHERE v = 'small'", Token)).Rows[0]
            .SequenceEqual([1L]),
            run, Token);
        await stop.CancelAsync();
        Assert.Empty((await run).SetAside);
        await AssertEqualAsync(scenario);
    }

    [Fact]
    public async Task Truncate_toast_and_keys_inside_a_streamed_transaction_come_out_right()
    {
        await using var scenario = await CreateAsync("""
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE d (id int PRIMARY KEY, n int, body text); ALTER TABLE d ALTER body SET STORAGE EXTERNAL;
            CREATE TABLE f (a int, b text); ALTER TABLE f REPLICA IDENTITY FULL;
            INSERT INTO d SELECT g, 0, repeat('b' || g, 2000) FROM generate_series(1, 100) g;
            INSERT INTO f SELECT g % 10, 'f' FROM generate_series(1, 100) g
            """);
        await scenario.ExecuteAsync($"""
            BEGIN; {Rows(1, 1000)}; TRUNCATE t; {Rows(500, 1000)}; UPDATE t SET id = id + 1000000 WHERE id % 2 = 0;
            UPDATE d SET n = n + 1; UPDATE d SET id = id + 1000 WHERE id <= 20;
            UPDATE d SET body = repeat('new', 3000) WHERE id = 30;
            INSERT INTO d SELECT g, 1, repeat('i' || g, 2000) FROM generate_series(200, 240) g; UPDATE d SET n = 7 WHERE id >= 200;
            SAVEPOINT s; UPDATE d SET body = repeat('gone', 3000), n = -1; UPDATE d SET id = -id; ROLLBACK TO s;
            DELETE FROM f WHERE ctid IN (SELECT ctid FROM f WHERE a = 1 LIMIT 3); UPDATE f SET b = 'g' WHERE a = 2;
            INSERT INTO f SELECT 5, 'twin' FROM generate_series(1, 1000); COMMIT
            """);
        await AssertStreamedAndEqualAsync(scenario);
    }

    [Fact]
    public async Task A_prepared_transaction_comes_with_its_commit_and_not_before()
    {
        await using var scenario = await CreateAsync(Table);
        foreach (var (name, from) in new[] { ("kept", 1000), ("undone", 5000), ("late", 9000) })
        {
            await using var open = await OpenTransaction.BeginAsync(scenario.Database);
            await open.ExecuteAsync($"{Rows(from, 2000)}; PREPARE TRANSACTION '{scenario.Database.Name} {name}'");
        }
        await using (var open = await OpenTransaction.BeginAsync(scenario.Database))
            await open.ExecuteAsync(
                $"INSERT INTO t VALUES (-1, 'small'); PREPARE TRANSACTION '{scenario.Database.Name} small'");
        Assert.Equal(0, (await CatchUpStreamedAsync(scenario)).Changes);

        await FinishPreparedAsync("COMMIT", "small");
        await FinishPreparedAsync("ROLLBACK", "undone");
        await FinishPreparedAsync("COMMIT", "kept");
        Assert.Equal(2, (await scenario.CatchUpAsync()).Transactions);
        await scenario.AssertEqualAsync();
        await FinishPreparedAsync("COMMIT", "late");
        await AssertEqualAsync(scenario);

        async Task FinishPreparedAsync(string how, string name)
        {
            await using var connection = await scenario.Database.OpenAsync(Token);
            await using var command =
                new Npgsql.NpgsqlCommand($"{how} PREPARED '{scenario.Database.Name} {name}'", connection);
            await command.ExecuteNonQueryAsync(Token);
        }
    }

    [Fact]
    public async Task Logical_messages_and_origins_are_passed_over()
    {
        await using var scenario = await CreateAsync(Table);
        var origin = $"{scenario.Database.Name}";
        await scenario.ExecuteAsync($"SELECT pg_replication_origin_create('{origin}')");
        await using (var session = await scenario.Database.OpenAsync(Token))
        {
            await using var command = new Npgsql.NpgsqlCommand($"""
                SELECT pg_replication_origin_session_setup('{origin}');
                SELECT pg_replication_origin_xact_setup('0/ABCDEF', now());
                {Rows(1000, 1000)}; SELECT pg_logical_emit_message(true, 'p', repeat('m', 100000)); {Rows(3000, 1000)};
                SELECT pg_logical_emit_message(false, 'p', repeat('n', 100000))
                """, session);
            await command.ExecuteNonQueryAsync(Token);
        }
        await scenario.ExecuteAsync("SELECT pg_logical_emit_message(true, 'p', 'alone')");
        await scenario.ExecuteAsync("SELECT pg_logical_emit_message(false, 'p', 'alone')");
        var target = Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text"));
        var result = await AssertStreamedAndEqualAsync(scenario);
        Assert.True(result.Position >= target, $"{result.Position} is below {target}");
        await scenario.ExecuteAsync($"SELECT pg_replication_origin_drop('{origin}')");
    }

    [Fact]
    public async Task A_stream_stops_and_starts_again_while_streamed_transactions_are_open()
    {
        await using var scenario = await CreateAsync(Table);
        await using var a = await OpenTransaction.BeginAsync(scenario.Database);
        await using var b = await OpenTransaction.BeginAsync(scenario.Database);
        await a.ExecuteAsync(Rows(1000, 1000));
        await b.ExecuteAsync(Rows(5000, 1000));
        await scenario.ExecuteAsync("INSERT INTO t VALUES (-1, 'small')");
        var chunks = new ChunkCount();
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Token))
        {
            var run = scenario.Pipeline(chunks).StreamAsync(new StreamOptions(), scenario, stop.Token);
            await Task.WhenAny(chunks.First, run);
            await stop.CancelAsync();
            Assert.Equal(StreamEnd.Stopped, (await run).EndedBy);
        }

        // Caught up, though both are still open, and again after more of each.
        Assert.Equal(StreamEnd.CaughtUp, (await scenario.CatchUpAsync()).EndedBy);
        await a.ExecuteAsync(Rows(2000, 1000));
        await b.ExecuteAsync($"SAVEPOINT s; {Rows(6000, 1000)}; ROLLBACK TO s");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (-2, 'small')");
        Assert.Equal(1, (await scenario.CatchUpAsync()).Changes);
        await b.ExecuteAsync("COMMIT");
        await AssertEqualAsync(scenario);
        await a.ExecuteAsync("UPDATE t SET v = 'a' WHERE id BETWEEN 5000 AND 5500; COMMIT");
        await AssertEqualAsync(scenario);
        await scenario.AssertNothingLeftOverAsync();
    }

    [Theory]
    [InlineData("ChunkSpooled", 3)]
    [InlineData("ChunkSpooled", 15)]
    [InlineData("BatchApplied", 1)]
    [InlineData("BatchCommitted", 1)]
    public async Task Killed_among_streamed_transactions_it_ends_equal(string step, int occurrence)
    {
        await using var scenario = await CreateAsync(Table);
        await using var a = await OpenTransaction.BeginAsync(scenario.Database);
        await a.ExecuteAsync(Rows(1000, 1000));
        for (var i = 0; i < 3; i++)
            await scenario.ExecuteAsync($"""
                BEGIN; {Rows(10000 * (i + 1), 1000)}; SAVEPOINT s; UPDATE t SET v = 'never'; ROLLBACK TO s;
                UPDATE t SET v = v || '{i}' WHERE id % 10 = {i}; COMMIT
                """);
        var outcome = await scenario.Process.RunAsync(
            PipelineOperation.Follow, step, occurrence, cancellationToken: Token);
        Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
        await a.ExecuteAsync("COMMIT");
        await AssertEqualAsync(scenario);
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task What_a_killed_run_kept_aside_is_removed_by_the_next()
    {
        await using var scenario = await CreateAsync(Table);
        await using var open = await OpenTransaction.BeginAsync(scenario.Database);
        // Hashes become little smaller: more than the memory that all spools share.
        await open.ExecuteAsync(Incompressible(1000, 12000));
        var folder = SpoolFolder.PathOf(scenario.File);
        var outcome = await scenario.Process.RunAsync(
            PipelineOperation.Follow, "ChunkSpooled", 60, cancellationToken: Token);
        Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
        Assert.NotEmpty(Directory.GetFiles(folder));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                System.IO.File.GetUnixFileMode(folder));

        await open.ExecuteAsync("ROLLBACK");
        await AssertEqualAsync(scenario);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_transaction_too_large_for_memory_goes_through_a_file_that_is_gone_afterwards()
    {
        await using var scenario = await CreateAsync(Table);
        await scenario.ExecuteAsync($"{Incompressible(1000, 6000)}; UPDATE t SET v = 'u' WHERE id % 100 = 0");
        var folderSeen = false;
        var faults = new FaultAction(
            FaultPoint.BatchApplied, () => folderSeen = Directory.Exists(SpoolFolder.PathOf(scenario.File)));
        await scenario.Pipeline(faults).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.True(folderSeen);
        await AssertEqualAsync(scenario);
        Assert.False(Directory.Exists(SpoolFolder.PathOf(scenario.File)));
    }

    private static string Rows(int from, int count) =>
        $"INSERT INTO t SELECT g, repeat('v', 100) || g FROM generate_series({from}, {from + count - 1}) g";

    private static string Incompressible(int from, int count) =>
        "INSERT INTO t SELECT g, (SELECT string_agg(md5(g::text || h), '') FROM generate_series(1, 16) h) FROM "
        + $"generate_series({from}, {from + count - 1}) g";

    private async Task<Scenario> CreateAsync(
        string setup, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var scenario = await Scenario.CreateAsync(pool, setup, test);
        await scenario.ExecuteAsync($"ALTER DATABASE {scenario.Database.Name} SET logical_decoding_work_mem = '64kB'");
        await scenario.BackfillAsync();
        return scenario;
    }

    private static async Task<StreamResult> AssertStreamedAndEqualAsync(Scenario scenario)
    {
        var result = await CatchUpStreamedAsync(scenario);
        await scenario.AssertEqualAsync();
        return result;
    }

    // What was decoded below the position that a stream begins at comes whole, however large: not every run streams.
    private static async Task<StreamResult> CatchUpStreamedAsync(Scenario scenario)
    {
        var chunks = new ChunkCount();
        var result = await scenario.Pipeline(chunks)
            .StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        Assert.True(chunks.Chunks > 0, "Nothing was streamed.");
        return result;
    }

    private static async Task AssertEqualAsync(Scenario scenario)
    {
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }
}
