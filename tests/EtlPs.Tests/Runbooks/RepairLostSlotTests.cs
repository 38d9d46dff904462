using EtlPs.Testing.Postgres;
using EtlPs.Tests.Pipelines;

namespace EtlPs.Tests.Runbooks;

public sealed class RepairLostSlotTests(ServerPool pool)
{
    private const string Repair = "Repair-LostSlot";

    [Fact]
    public async Task A_slot_that_the_server_invalidated_is_replaced_and_the_copy_equals_the_source_again()
    {
        var settings = new Dictionary<string, string>
        {
            ["max_slot_wal_keep_size"] = "1MB", ["max_wal_size"] = "32MB", ["min_wal_size"] = "32MB",
        };
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings = settings }, TestContext.Current.CancellationToken);
        await using var shop = await RunbookShop.OpenAsync(server);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9001, 'not seen by the slot')");
        for (var i = 0; i < 5; i++) await shop.ExecuteAsync("SELECT txid_current(), pg_switch_wal()");
        await shop.ExecuteAsync("CHECKPOINT");
        Assert.Contains("was invalidated", await shop.RunIllAsync("Invoke-NightlyBatch"), StringComparison.Ordinal);

        var said = await shop.RunWellAsync(Repair, "-KeepOldCopy");

        Assert.Contains("needs a new copy", said, StringComparison.Ordinal);
        await shop.AssertEqualAsync();
        Assert.Equal(101, shop.Count("customers"));
        var kept = shop.Run(
            "$null = New-EtlPipeline kept $source \"$file.before\"; "
            + "(Invoke-EtlQuery kept 'SELECT count(*) AS n FROM public.customers').n");
        Assert.Equal(100L, kept.WithoutErrors().Output.Single().BaseObject);
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9002, 'after it')");
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.AssertEqualAsync();
    }

    [Theory]
    [InlineData("SELECT pg_drop_replication_slot('{0}')")]
    [InlineData("DROP PUBLICATION {0}")]
    [InlineData("""
        SELECT pg_drop_replication_slot('{0}'); INSERT INTO customers VALUES (9000, 'in between');
        SELECT pg_create_logical_replication_slot('{0}', 'pgoutput')
        """)]
    public async Task What_somebody_dropped_is_made_anew_and_the_copy_equals_the_source_again(string mishap)
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        foreach (var statement in mishap.Split(';')) await shop.ExecuteAsync(string.Format(null, statement, shop.Slot));
        await shop.ExecuteAsync(
            "INSERT INTO customers VALUES (9001, 'not seen by the slot'); DELETE FROM orders WHERE id < 100");
        await shop.RunIllAsync("Invoke-NightlyBatch");

        var planned = (await shop.RunHereAsync(Repair, "-WhatIf")).WithoutErrors();
        Assert.Equal(5000, shop.Count("orders"));
        await shop.RunWellAsync(Repair);

        Assert.Equal("Stream", planned.Output.Single().Text("Operation"));
        await shop.AssertEqualAsync();
        Assert.Equal(1L, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_copy_whose_slot_is_well_is_brought_up_to_date_and_not_made_anew()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9001, 'new')");

        var result = (await shop.RunHereAsync(Repair, "-KeepOldCopy")).WithoutErrors().Output.Single();

        Assert.Equal(1L, result.Properties["Changes"].Value);
        Assert.Empty((object[])result.Properties["Backfilled"].Value);
        Assert.False(File.Exists(shop.DuckDbFile + ".before"));
        await shop.AssertEqualAsync();
    }

    [Fact]
    public async Task Where_something_else_is_wrong_too_nothing_is_dropped()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.ExecuteAsync($"SELECT pg_drop_replication_slot('{shop.Slot}')");
        await shop.ExecuteAsync("ALTER TABLE orders DROP CONSTRAINT orders_pkey");

        var said = await shop.RunIllAsync(Repair);

        Assert.Contains("ReplicaIdentity: ", said, StringComparison.Ordinal);
        Assert.Equal(5000, shop.Count("orders"));
    }
}
