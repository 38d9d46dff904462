using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Tests.Pipelines;

public sealed class SlotLagTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Looks_in_a_row_tell_what_the_server_writes_and_for_how_long_that_goes_well()
    {
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings =
                new Dictionary<string, string> { ["max_slot_wal_keep_size"] = "1GB" } }, Token);
        await server.ExecuteAsync(
            "postgres", "SELECT pg_create_logical_replication_slot('etlps_shop', 'pgoutput')", Token);
        await using var host = Testing.PowerShellHost.ModuleHost.Create();
        host.Run("Import-Module -Assembly $tests", ("tests", typeof(SelectObjectCommand).Assembly)).WithoutErrors();

        var looks = host.Run(
            """
            Get-EtlSlotLag -Source $source -RefreshInterval 0.2 | ForEach-Object {
                $_
                # Between two looks; the watch stops once there is a rate.
                $null = Invoke-EtlQuery -Source $source "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 4000000))"
            } | Select-Object -First 3
            """,
            ("source", server.ConnectionString())).WithoutErrors().Output;

        Assert.Equal(3, looks.Count);
        Assert.All(looks, look => Assert.Equal("etlps_shop", look.Text("SlotName")));
        Assert.True((double)looks[2].Properties["WalBytesPerSecond"].Value > 1_000_000);
        var left = (TimeSpan)looks[2].Properties["TimeLeft"].Value;
        var room = (long)looks[2].Properties["SafeWalSize"].Value;
        Assert.Equal(
            Math.Floor(room / (double)looks[2].Properties["WalBytesPerSecond"].Value), left.TotalSeconds);
        Assert.StartsWith("no reader", looks[2].Text("HeldBy"), StringComparison.Ordinal);
        Assert.True(
            (DateTimeOffset)looks[2].Properties["ReadAt"].Value > (DateTimeOffset)looks[1].Properties["ReadAt"].Value);
    }

    [Fact]
    public async Task Who_holds_a_slot_back_is_told_with_pid_and_age()
    {
        // Of its own, for the oldest transaction of a server may be any test's.
        await using var servers = new ServerPool();
        await using var shop = (await Shop.OpenAsync(servers)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        await using var connection = await shop.Database.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN; INSERT INTO customers VALUES (1000, 'open'); SELECT pg_backend_pid()";
        var pid = (int)(await command.ExecuteScalarAsync(Token))!;

        var idle = shop.Run("Get-EtlSlotLag $name").WithoutErrors().Output.Single();
        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.Database.ExecuteAsync("INSERT INTO orders SELECT n, 1 FROM generate_series(10001, 40000) n", Token);
        var holder = "";
        await Eventually.IsTrueAsync(
            () =>
            {
                holder = shop.Run("Get-EtlSlotLag $name").WithoutErrors().Output.Single().Text("HeldBy")!;
                return Task.FromResult(holder.StartsWith("transaction", StringComparison.Ordinal));
            },
            cancellationToken: Token, what: "a transaction holds the slot");

        Assert.Equal(pid, idle.Properties["OldestTransactionPid"].Value);
        Assert.True((TimeSpan)idle.Properties["OldestTransactionAge"].Value > TimeSpan.Zero);
        Assert.StartsWith("no reader", idle.Text("HeldBy"), StringComparison.Ordinal);
        Assert.Matches($@"^transaction of pid {pid} \(\w+\), open for 0:\d\d:\d\d$", holder);
    }

    [Fact]
    public async Task A_slot_that_is_missing_and_a_server_that_does_not_answer_are_errors_of_their_own()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var missing = shop.Run("Get-EtlSlotLag $name; Get-EtlSlotLag -Source $source -SlotName nosuch; 'on'");
        var result = shop.Run(
            """
            $null = Start-EtlBackfill $name
            $null = New-EtlPipeline away 'Host=127.0.0.1;Port=1;Database=x;Username=y' ':memory:'
            Get-EtlPipeline | Get-EtlSlotLag
            """);

        Assert.Equal(["EtlPs.SlotMissing", "EtlPs.SlotMissing"], missing.Errors.Select(e => e.Id()));
        Assert.Equal("on", missing.Output.Single().BaseObject);
        Assert.Equal("EtlPs.SourceUnreachable", result.Errors.Single().Id());
        Assert.Equal($"etlps_{shop.Pipeline}", result.Output.Single().Text("SlotName"));
    }

    [Fact]
    public async Task Many_slots_are_told_at_once_and_read_at_a_glance()
    {
        await using var shop = await Shop.OpenAsync(pool);
        foreach (var n in new[] { 1, 2, 3 })
            await shop.Database.ExecuteAsync(
                $"SELECT pg_create_logical_replication_slot('{$"m{n}_{shop.Pipeline}"[..20]}', 'pgoutput')", Token);

        var text = shop.Run("Get-EtlSlotLag -Source $source -SlotName m?_* | Out-Host").WithoutErrors().HostText;

        Assert.Equal(3, text.Split("no reader").Length - 1);
        Assert.Matches(
            @"SlotName\s+Active\s+Lag\s+TimeLag\s+Retained\s+WAL/s\s+Room\s+TimeLeft\s+WalStatus\s+HeldBy", text);
        Assert.DoesNotContain("#ERR", text, StringComparison.Ordinal);
    }
}
