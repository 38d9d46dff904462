using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>One table that cannot go on is told and left behind; the others go on.</summary>
public sealed class SetAsideTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_cannot_be_carried_is_set_aside()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bare (); ALTER TABLE bare REPLICA IDENTITY FULL;
            INSERT INTO good VALUES (1)
            """);
        var results = await scenario.BackfillAsync();
        AssertAside(results, "bare", EtlErrorCode.UnsupportedType, "no column");
        Assert.Equal(TableState.Ready, results.Single(r => r.Source.Name == "good").State);
        await scenario.ExecuteAsync("INSERT INTO good VALUES (2); INSERT INTO bare DEFAULT VALUES");
        var streamed = await scenario.CatchUpAsync();
        AssertAside(streamed.SetAside, "bare", EtlErrorCode.UnsupportedType, "no column");
        Assert.Equal(2L, await CountAsync(scenario, "good"));
    }

    [Fact]
    public async Task A_table_that_cannot_be_carried_is_told_by_a_stream_that_starts_with_empty_tables()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bare (); "
            + "ALTER TABLE bare REPLICA IDENTITY FULL");
        var result = await scenario.CatchUpAsync(new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        AssertAside(result.SetAside, "bare", EtlErrorCode.UnsupportedType, "no column");
    }

    [Fact]
    public async Task A_value_that_cannot_be_held_sets_its_table_aside_in_a_backfill()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE good (id int PRIMARY KEY, at timestamptz, day date, n float8);
            CREATE TABLE bad (id int PRIMARY KEY, price numeric(10,2));
            INSERT INTO good VALUES (1, 'infinity', '-infinity', 'NaN'); INSERT INTO bad VALUES (41, 1), (42, 'NaN')
            """);
        var results = await scenario.BackfillAsync();
        AssertAside(results, "bad", EtlErrorCode.ValueNotRepresentable, "price", "id=42", "NaN");
        Assert.Equal(TableState.Ready, results.Single(r => r.Source.Name == "good").State);
        await scenario.ExecuteAsync("INSERT INTO good VALUES (2, '-infinity', 'infinity', '-Infinity')");
        await scenario.CatchUpAsync();
        Assert.Equal(2L, await CountAsync(scenario, "good"));
        Assert.Equal(0L, await HiddenAsync(scenario));

        // Mended at the source, and copied anew.
        await scenario.ExecuteAsync("DELETE FROM bad WHERE id = 42; DELETE FROM good");
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_value_that_cannot_be_held_sets_its_table_aside_in_a_stream()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bad (id int PRIMARY KEY, price numeric(10,2));
            INSERT INTO bad VALUES (1, 1)
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "INSERT INTO good VALUES (1); INSERT INTO bad VALUES (42, 'NaN'); INSERT INTO good VALUES (2)");
        await scenario.ExecuteAsync("INSERT INTO good VALUES (3)");
        var result = await scenario.CatchUpAsync();
        AssertAside(result.SetAside, "bad", EtlErrorCode.ValueNotRepresentable, "price", "id=42", "NaN");
        Assert.Equal(3L, await CountAsync(scenario, "good"));
        Assert.Equal(1L, await CountAsync(scenario, "bad"));
        AssertAside((await scenario.CatchUpAsync()).SetAside, "bad", EtlErrorCode.ValueNotRepresentable, "price");
    }

    [Fact]
    public async Task A_large_transaction_goes_on_whole_without_the_table_that_cannot()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE good (id int PRIMARY KEY, v text); "
            + "CREATE TABLE bad (id int PRIMARY KEY, price numeric(10,2))");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (1, 1)");
        await scenario.ExecuteAsync("""
            INSERT INTO good SELECT g, repeat('v', 500) || g FROM generate_series(1, 50000) g;
            INSERT INTO bad VALUES (2, 2), (42, 'NaN');
            INSERT INTO good SELECT g, repeat('v', 500) || g FROM generate_series(50001, 60000) g
            """);
        var result = await scenario.CatchUpAsync();
        AssertAside(result.SetAside, "bad", EtlErrorCode.ValueNotRepresentable, "id=42");
        Assert.Equal(60000L, await CountAsync(scenario, "good"));
        Assert.InRange(await CountAsync(scenario, "bad"), 0, 1);
    }

    [Fact]
    public async Task A_table_set_aside_before_it_was_shown_leaves_nothing_hidden()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE a (id int PRIMARY KEY, price numeric(10,2)); CREATE TABLE b (id int PRIMARY KEY); "
            + "INSERT INTO b VALUES (1)");
        using var stop = new CancellationTokenSource();
        var firstStart = scenario.Pipeline(new FaultAction(FaultPoint.SlotCreated, stop.Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => firstStart.BackfillAsync(new BackfillOptions(), scenario, stop.Token));
        // Begins anew; the copy of the first table is cut off once more, so that both are copied under a later
        // snapshot.
        using var again = new CancellationTokenSource();
        var secondStart = scenario.Pipeline(new FaultAction(FaultPoint.RangeAppended, Fail));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => secondStart.BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, again.Token));
        await scenario.ExecuteAsync("INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (2)");
        Assert.All(await scenario.BackfillAsync(), r => Assert.Equal(TableState.CatchingUp, r.State));
        await scenario.ExecuteAsync("INSERT INTO a VALUES (7, 'NaN'); DELETE FROM a WHERE id = 7");
        await scenario.ExecuteAsync("INSERT INTO a VALUES (8, 'NaN'); INSERT INTO b VALUES (3)");
        var result = await scenario.CatchUpAsync();
        AssertAside(result.SetAside, "a", EtlErrorCode.ValueNotRepresentable, "price", "id=8");
        Assert.Equal(3L, await CountAsync(scenario, "b"));
        Assert.Equal(0L, await HiddenAsync(scenario));

        void Fail()
        {
            again.Cancel();
            again.Token.ThrowIfCancellationRequested();
        }
    }

    [Theory]
    [InlineData("DROP TABLE b")]
    [InlineData("DROP TABLE b; CREATE TABLE b (id int PRIMARY KEY, more text)")]
    public async Task A_table_dropped_in_mid_copy_is_told(string ddl)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
            CREATE TABLE c (id int PRIMARY KEY);
            INSERT INTO a SELECT generate_series(1, 1000)
            """);
        var drop = new FaultAction(FaultPoint.RangeAppended, () => scenario.ExecuteAsync(ddl).GetAwaiter().GetResult());
        // The larger one is copied first.
        var results = await scenario.Pipeline(drop).BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        AssertAside(results, "b", EtlErrorCode.TableNotFound);
        Assert.Equal(2, results.Count(r => r.State == TableState.Ready));
        await scenario.ExecuteAsync("INSERT INTO c VALUES (1)");
        await scenario.CatchUpAsync();
        Assert.Equal(1L, await CountAsync(scenario, "c"));
    }

    [Fact]
    public async Task A_table_rewritten_in_mid_copy_is_copied_under_a_new_snapshot()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, v int);
            INSERT INTO a SELECT -g FROM generate_series(1, 5000) g;
            INSERT INTO b SELECT g, g FROM generate_series(1, 100) g
            """);
        // The larger one is copied first.
        var results = await scenario.Pipeline(new FaultAction(
            FaultPoint.RangeAppended,
            () => scenario.ExecuteAsync("ALTER TABLE b ALTER v TYPE text USING 'v' || v").GetAwaiter().GetResult()))
            .BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        Assert.Equal(100, results.Single(r => r.Source.Name == "b").Rows);
        await scenario.ExecuteAsync("UPDATE b SET v = 'changed' WHERE id < 10; INSERT INTO a VALUES (1)");
        var streamed = await scenario.CatchUpAsync();
        Assert.Empty(streamed.SetAside);
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_table_whose_key_was_widened_is_set_aside()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL)");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (a, b); INSERT INTO t VALUES (1, 1), (1, 2)");
        AssertAside((await scenario.CatchUpAsync()).SetAside, "t", EtlErrorCode.SchemaChanged, "replica identity");
    }

    [Fact]
    public async Task A_column_that_hides_the_rows_numbers_sets_a_table_without_a_key_aside()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t ("RowId" int); ALTER TABLE t REPLICA IDENTITY FULL;
            CREATE TABLE keyed (id int PRIMARY KEY, rowid int, v text); ALTER TABLE keyed ALTER v SET STORAGE EXTERNAL;
            INSERT INTO keyed VALUES (1, NULL, repeat('v', 5000))
            """);
        AssertAside(await scenario.BackfillAsync(), "t", EtlErrorCode.NameCollision, "RowId");
        await scenario.ExecuteAsync("UPDATE keyed SET id = 2; DROP TABLE t");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Theory]
    [InlineData(OnTableError.Quarantine)]
    [InlineData(OnTableError.Stop)]
    public async Task A_table_that_is_rewritten_again_and_again_is_set_aside_and_the_others_go_on(
        OnTableError onTableError)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE reloaded (id int PRIMARY KEY); "
            + "INSERT INTO good VALUES (1)");
        var reload = new FaultHandler(point =>
        {
            if (point is FaultPoint.SlotCreated or FaultPoint.LaterSnapshotTaken)
                scenario.ExecuteAsync("TRUNCATE reloaded; INSERT INTO reloaded VALUES (1)").GetAwaiter().GetResult();
        });
        var backfill = scenario.Pipeline(reload)
            .BackfillAsync(new BackfillOptions { OnTableError = onTableError }, scenario, Token);
        if (onTableError == OnTableError.Stop)
        {
            Assert.Contains(
                "reloaded", (await Assert.ThrowsAsync<EtlException>(() => backfill)).Message, StringComparison.Ordinal);
            return;
        }

        AssertAside(await backfill, "reloaded", EtlErrorCode.SchemaChanged, "rewritten");
        await scenario.ExecuteAsync("INSERT INTO good VALUES (2); TRUNCATE reloaded");
        await scenario.CatchUpAsync();
        Assert.Equal(2L, await CountAsync(scenario, "good"));
        await scenario.Pipeline().ResetAsync(["reloaded"], scenario, Token);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    private static void AssertAside(
        IReadOnlyList<TableCopyResult> results, string table, EtlErrorCode code, params string[] words)
    {
        var aside = Assert.Single(results, r => r.State == TableState.SetAside);
        Assert.Equal(table, aside.Source.Name);
        Assert.Equal(code, aside.Error!.Code);
        Assert.NotEmpty(aside.Error.Remedy);
        Assert.All(words, word => Assert.Contains(word, aside.Error.Message, StringComparison.Ordinal));
    }

    private static async Task<long> CountAsync(Scenario scenario, string table) =>
        (long)(await scenario.Pipeline().QueryAsync(
            $"SELECT count(*) FROM public.{table}", Token)).Rows[0][0]!;

    private static async Task<long> HiddenAsync(Scenario scenario) => (long)(await scenario.Pipeline().QueryAsync(
        "SELECT count(*) FROM duckdb_tables() WHERE starts_with(table_name, '__etlps')", Token)).Rows[0][0]!;
}
