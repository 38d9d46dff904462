using System.Management.Automation;
using System.Numerics;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class WatchTests(ServerPool pool)
{
    private const string Left = "etlps-watch-0123456789abcdef0123456789abcdef";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_come_as_objects_in_commit_order_with_old_and_new_rows()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("ALTER TABLE orders REPLICA IDENTITY FULL", Token);

        var watching = WatchAsync(shop, "Watch-EtlChange -Source $source | Select-Object -First 5");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync(
            "INSERT INTO orders VALUES (7000, 1, 10.50, '2026-03-01 12:00:00.25+01')", Token);
        await shop.Database.ExecuteAsync("UPDATE orders SET total = 11 WHERE id = 7000", Token);
        await shop.Database.ExecuteAsync("DELETE FROM orders WHERE id = 7000", Token);
        await shop.Database.ExecuteAsync("TRUNCATE orders, customers", Token);
        var changes = (await watching).WithoutErrors().Output;

        Assert.Equal(["Insert", "Update", "Delete", "Truncate", "Truncate"], changes.Select(c => c.Text("Operation")));
        Assert.Equal(["id", "customer", "total", "placed"], changes[0].Bag("New")!.Properties.Select(p => p.Name));
        Assert.Null(changes[0].Bag("Old"));
        Assert.Equal(7000L, changes[0].Bag("New")!.Properties["id"].Value);
        Assert.Equal(10.50m, changes[0].Bag("New")!.Properties["total"].Value);
        Assert.Equal(
            new DateTime(2026, 3, 1, 11, 0, 0, 250, DateTimeKind.Utc),
            changes[0].Bag("New")!.Properties["placed"].Value);
        Assert.Equal(["total"], (string[])changes[1].Properties["Changed"].Value);
        Assert.Equal(true, changes[1].Properties["ChangedIsExact"].Value);
        Assert.Equal(10.50m, changes[1].Bag("Old")!.Properties["total"].Value);
        Assert.Equal(11m, changes[1].Bag("New")!.Properties["total"].Value);
        Assert.Equal(7000L, changes[2].Bag("Old")!.Properties["id"].Value);
        Assert.Null(changes[2].Bag("New"));
        Assert.Equal(["public.customers", "public.orders"], changes.Skip(3).Select(c => c.Text("Table")).Order());
        Assert.Equal(4, changes.Select(c => c.Properties["Xid"].Value).Distinct().Count());
        Assert.Equal(changes.Select(c => c.Text("Lsn")), changes.Select(c => c.Text("Lsn")).Order());
        Assert.All(changes, c => Assert.Equal(
            TimeSpan.Zero, ((DateTimeOffset)c.Properties["CommitTime"].Value).Offset));
    }

    [Fact]
    public async Task A_filter_behind_it_works_and_the_first_match_ends_it_and_leaves_nothing()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("ALTER TABLE customers REPLICA IDENTITY FULL, ADD COLUMN status text", Token);

        var watching = WatchAsync(
            shop,
            """
            Watch-EtlChange -Source $source -Table customers, orders |
                Where-Object { $_.Operation -eq 'Update' -and $_.Changed -contains 'status' } | Select-Object -First 1
            """);
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync(
            """
            INSERT INTO customers VALUES (1000, 'late', 'new');
            UPDATE customers SET name = 'later' WHERE id = 1000;
            UPDATE customers SET status = 'old' WHERE id = 1000;
            """, Token);

        var change = (await watching).WithoutErrors().Output.Single();
        Assert.Equal(["status"], (string[])change.Properties["Changed"].Value);
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Theory]
    [InlineData("Watch-EtlChange -Source $source | ForEach-Object { throw 'enough' }", "enough")]
    [InlineData(
        "Watch-EtlChange -Source $source | ForEach-Object { [void] $_.Missing.Method() }", "InvokeMethodOnNull")]
    public async Task An_error_downstream_ends_it_and_leaves_nothing(string script, string error)
    {
        await using var shop = await Shop.OpenAsync(pool);

        var watching = WatchAsync(shop, $"$ErrorActionPreference = 'Stop'; {script}");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1000, 'late')", Token);

        Assert.Contains(error, (await watching).Errors.Single().FullyQualifiedErrorId, StringComparison.Ordinal);
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task Ctrl_C_ends_an_idle_one_and_leaves_nothing()
    {
        await using var shop = await Shop.OpenAsync(pool);
        using var controlC = new CancellationTokenSource();

        var watching = shop.Session.RunAsync("Watch-EtlChange -Source $source", controlC.Token);
        await shop.WatchBeginsAsync(watching, Token);
        await controlC.CancelAsync();
        var stopped = await watching;

        Assert.True(stopped.WasStopped);
        Assert.Empty(stopped.Errors);
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task Ctrl_C_ends_one_whose_source_is_busy_with_other_tables()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("CREATE PUBLICATION dba FOR TABLE customers, orders", Token);
        using var controlC = new CancellationTokenSource();
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var watching = shop.Session.RunAsync(
            "Watch-EtlChange -Source $source -Publication dba -Table customers", controlC.Token);
        await shop.WatchBeginsAsync(watching, Token);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = WriteAsync(shop, first, quiet.Token);
        await first.Task.WaitAsync(Token);
        await controlC.CancelAsync();
        var stopped = await watching;
        await quiet.CancelAsync();

        Assert.True(stopped.WasStopped);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task A_reader_slower_than_the_source_gets_everything()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var watching = WatchAsync(
            shop, "Watch-EtlChange -Source $source -Table orders | ForEach-Object { $sum = 0; "
            + "foreach ($n in 1..20) { $sum += $n }; $_.New.id } | Select-Object -First 20000");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync("INSERT INTO orders SELECT n, 1 FROM generate_series(10001, 30000) n", Token);

        var seen = (await watching).WithoutErrors().Output.Select(o => (long)o.BaseObject);
        Assert.Equal(Enumerable.Range(10001, 20000).Select(n => (long)n), seen);
    }

    [Fact]
    public async Task It_ends_at_an_LSN_also_where_nothing_more_happens_and_shows_nothing_beyond_it()
    {
        // Of its own, for other tests would bring a shared one beyond any LSN.
        await using var servers = new ServerPool();
        await using var shop = await Shop.OpenAsync(servers);

        var idle = shop.Run(
            "Watch-EtlChange -Source $source -UntilLsn (Invoke-EtlQuery -Source $source 'SELECT "
            + "pg_current_wal_flush_lsn()::text AS lsn').lsn");
        // Far enough for the watch to begin before it.
        var beyond = await shop.Database.ScalarAsync<string>(
            "SELECT (pg_current_wal_flush_lsn() + 4000000)::text", Token);
        var watching = WatchAsync(shop, $"Watch-EtlChange -Source $source -Table customers -UntilLsn {beyond}");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1000, 'before')", Token);
        await shop.Database.ExecuteAsync("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 4000000))", Token);
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1001, 'after')", Token);

        Assert.Empty(idle.WithoutErrors().Output);
        Assert.Equal(1000, (await watching).WithoutErrors().Output.Single().Bag("New")!.Properties["id"].Value);
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task A_timeout_ends_it_and_is_an_error_only_where_an_LSN_was_to_be_reached()
    {
        await using var shop = await Shop.OpenAsync(pool);

        shop.Run("Watch-EtlChange -Source $source -Timeout 0.2").WithoutErrors();
        var missed = shop.Run("Watch-EtlChange -Source $source -Timeout 0.2 -UntilLsn FFFF/0");

        Assert.Equal("EtlPs.TimedOut", missed.Errors.Single().Id());
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task WhatIf_shows_its_statements_and_makes_nothing()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var result = shop.Run("Watch-EtlChange -Source $source -Table orders -WhatIf").WithoutErrors();

        var effects = (object[])result.Output.Single().Properties["Effects"].Value;
        var statements = effects.Select(e => e.AsObject().Text("Statement")).ToList();
        Assert.Matches("""^CREATE PUBLICATION "etlps-watch-\w+" FOR TABLE ONLY "public"."orders" """, statements[0]);
        Assert.Matches(@"^CREATE_REPLICATION_SLOT etlps_watch_\w+ TEMPORARY LOGICAL pgoutput", statements[1]);
        Assert.Contains("What if:", result.HostText, StringComparison.Ordinal);
        Assert.Equal(0L, await shop.Database.ScalarAsync<long>("SELECT count(*) FROM pg_publication", Token));
    }

    [Fact]
    public async Task A_role_that_owns_no_table_watches_through_a_publication_and_is_told_of_it_otherwise()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("CREATE PUBLICATION dba FOR TABLE customers", Token);
        var source = await shop.Database.Server.CreateRoleAsync(
            $"r_{shop.Pipeline}", "secret-1", "REPLICATION", shop.Database.Name, Token);
        await shop.Database.ExecuteAsync(
            $"""GRANT SELECT ON ALL TABLES IN SCHEMA public TO "r_{shop.Pipeline}" """, Token);

        var refused = shop.Session.Run("Watch-EtlChange -Source $given -Table orders", ("given", source));
        var unknown = shop.Run("Watch-EtlChange -Source $given -Publication nobodys");
        var unpublished = shop.Run("Watch-EtlChange -Source $given -Publication dba -Table orders");
        var watching = WatchAsync(shop, "Watch-EtlChange -Source $given -Publication dba | Select-Object -First 1");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync(
            "INSERT INTO orders VALUES (7000, 1); INSERT INTO customers VALUES (1000, 'late')", Token);

        Assert.Equal("EtlPs.PermissionDenied", refused.Errors.Single().Id());
        Assert.Equal("EtlPs.PublicationUnusable", unknown.Errors.Single().Id());
        Assert.Equal("EtlPs.TableNotFound", unpublished.Errors.Single().Id());
        Assert.Equal("public.customers", (await watching).WithoutErrors().Output.Single().Text("Table"));
        Assert.Equal(1L, await shop.Database.ScalarAsync<long>("SELECT count(*) FROM pg_publication", Token));
    }

    [Fact]
    public async Task A_pipelines_source_is_watched_through_its_publication()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var early = shop.Run("Watch-EtlChange $name");
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var watching = WatchAsync(shop, "Get-EtlPipeline $name | Watch-EtlChange -Table c* | Select-Object -First 1");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync(
            "INSERT INTO orders VALUES (7000, 1); INSERT INTO customers VALUES (1000, 'late')", Token);

        Assert.Equal("EtlPs.PublicationUnusable", early.Errors.Single().Id());
        Assert.Equal("public.customers", (await watching).WithoutErrors().Output.Single().Text("Table"));
        Assert.Equal(1L, await shop.PublicationsAsync());
    }

    [Fact]
    public async Task Where_the_old_row_is_not_sent_all_that_may_have_changed_is_told_and_that_it_is_so()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            """
            CREATE TABLE notes (id int PRIMARY KEY, body text, title text);
            ALTER TABLE notes ALTER body SET STORAGE EXTERNAL;
            INSERT INTO notes VALUES (1, repeat('x', 20000), 'a');
            """, Token);

        var watching = WatchAsync(shop, "Watch-EtlChange -Source $source -Table notes | Select-Object -First 2");
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync("UPDATE notes SET title = 'b'; UPDATE notes SET id = 2;", Token);
        var result = (await watching).WithoutErrors();

        Assert.Equal(["title"], (string[])result.Output[0].Properties["Changed"].Value);
        Assert.Equal(["body"], (string[])result.Output[0].Properties["Unsent"].Value);
        Assert.Equal(false, result.Output[0].Properties["ChangedIsExact"].Value);
        Assert.Equal(["id", "title"], result.Output[0].Bag("New")!.Properties.Select(p => p.Name));
        Assert.Equal(["id", "title"], (string[])result.Output[1].Properties["Changed"].Value);
        Assert.Equal(["id"], result.Output[1].Bag("Old")!.Properties.Select(p => p.Name));
        Assert.Equal(1, result.Output[1].Bag("Old")!.Properties["id"].Value);
        Assert.Contains("REPLICA IDENTITY FULL", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_without_an_identity_is_refused_before_it_is_published()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("CREATE TABLE heap (n int); INSERT INTO heap VALUES (1)", Token);

        var refused = shop.Run("Watch-EtlChange -Source $source -Table heap");
        await shop.Database.ExecuteAsync("UPDATE heap SET n = 2", Token);

        Assert.Equal("EtlPs.NoReplicaIdentity", refused.Errors.Single().Id());
    }

    [Fact]
    public async Task What_a_killed_watch_left_is_dropped_by_the_next_which_says_so_and_a_running_ones_is_not()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await using var other = shop.OpenSession();
        using var over = new CancellationTokenSource();
        var first = other.RunAsync("Watch-EtlChange -Source $source -Table orders", over.Token);
        await shop.WatchBeginsAsync(first, Token);
        await shop.Database.ExecuteAsync($"""CREATE PUBLICATION "{Left}" FOR TABLE orders""", Token);

        var previewed = shop.Run("(Watch-EtlChange -Source $source -Table customers -WhatIf).Effects.Statement")
            .WithoutErrors();
        var kept = await PublicationsAsync(shop);
        shop.Run("Watch-EtlChange -Source $source -Table customers -UntilLsn 0/1").WithoutErrors();
        var left = await PublicationsAsync(shop);
        await over.CancelAsync();
        var stopped = await first;

        Assert.Equal($"DROP PUBLICATION IF EXISTS \"{Left}\"", previewed.Output[0].BaseObject);
        Assert.Equal(3, previewed.Output.Count);
        Assert.Equal(2, kept.Length);
        Assert.DoesNotContain(Left, left);
        Assert.Single(left);
        Assert.True(stopped.WasStopped);
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task The_publications_of_a_pipeline_and_of_a_user_stay_whatever_their_names()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var pipeline = $"watch_{shop.Pipeline}"[..30];
        string[] others = [$"etlps_{pipeline}", $"{Left}0", "etlps-watch-mine"];
        shop.Run("$null = New-EtlPipeline $named $source $file; Start-EtlBackfill $named", ("named", pipeline))
            .WithoutErrors();
        foreach (var name in others.Skip(1))
            await shop.Database.ExecuteAsync($"""CREATE PUBLICATION "{name}" FOR TABLE orders""", Token);

        shop.Run("Watch-EtlChange -Source $source -UntilLsn 0/1").WithoutErrors();

        Assert.Equal(others.Order(StringComparer.Ordinal), await PublicationsAsync(shop));
    }

    [Fact]
    public async Task A_watch_whose_idle_session_broke_unnoticed_goes_on_beside_another_and_leaves_nothing()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await using var other = shop.OpenSession();
        using var over = new CancellationTokenSource();
        var watching = other.RunAsync("Watch-EtlChange -Source $source -Table orders", over.Token);
        await shop.WatchBeginsAsync(watching, Token);

        var ended = await shop.Database.ScalarAsync<bool>(
            """
            SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """, Token);
        shop.Run("Watch-EtlChange -Source $source -Table customers -UntilLsn 0/1").WithoutErrors();
        var kept = await PublicationsAsync(shop);
        await over.CancelAsync();
        var stopped = await watching;

        Assert.True(ended);
        Assert.Single(kept);
        Assert.True(stopped.WasStopped);
        Assert.Empty(stopped.Errors);
        Assert.Empty(await PublicationsAsync(shop));
    }

    private static async Task<string[]> PublicationsAsync(Shop shop) => await shop.Database.ScalarAsync<string[]>(
        "SELECT COALESCE(array_agg(pubname::text ORDER BY pubname COLLATE \"C\"), '{}') FROM pg_publication", Token);

    private static async Task WriteAsync(Shop shop, TaskCompletionSource first, CancellationToken cancellationToken)
    {
        while (true)
        {
            await shop.Database.ExecuteAsync("UPDATE orders SET total = total + 1", cancellationToken);
            first.TrySetResult();
        }
    }

    private static Task<ModuleResult> WatchAsync(Shop shop, string script) =>
        Task.Run(() => shop.Session.RunAsync(script, Token), Token);
}
