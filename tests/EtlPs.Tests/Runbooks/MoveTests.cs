using EtlPs.Testing.Postgres;
using EtlPs.Tests.Pipelines;

namespace EtlPs.Tests.Runbooks;

public sealed class MoveTests
{
    private const string Move = "Move-ToNewServer";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_promoted_standby_with_the_slot_is_followed_without_a_copy_and_without_a_lost_change()
    {
        await using var old = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var shop = await RunbookShop.OpenAsync(old);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9001, 'written before the move')");
        await old.StopAsync(ShutdownMode.Fast, Token);
        await using var promoted = await PostgresServer.StartStandbyAsync(old, Token);
        await old.StartAgainAsync(Token);
        shop.Define("shop.json", promoted.ConnectionString("shop"), shop.DuckDbFile);

        var early = await shop.RunIllAsync(Move);
        await promoted.ScalarAsync<bool>("postgres", "SELECT pg_promote()", Token);
        await promoted.ExecuteAsync("shop", "INSERT INTO customers VALUES (9002, 'written after it')", Token);
        var moved = (await shop.RunHereAsync(Move, "")).WithoutErrors().Output.Single();

        Assert.Contains("Promote it", early, StringComparison.Ordinal);
        Assert.Equal(2L, moved.Properties["Changes"].Value);
        Assert.Empty((object[])moved.Properties["Backfilled"].Value);
        await shop.AssertEqualAsync(new TestDatabase(promoted, "shop"));

        // What pg_basebackup makes has no slot.
        await promoted.ExecuteAsync("shop", $"SELECT pg_drop_replication_slot('{shop.Slot}')", Token);
        await promoted.ExecuteAsync("shop", "INSERT INTO customers VALUES (9003, 'seen by no slot')", Token);
        Assert.Contains("-Restart copies all anew", await shop.RunIllAsync(Move), StringComparison.Ordinal);
        Assert.Equal(102, shop.Count("customers"));
        await shop.RunWellAsync(Move, "-Restart");
        await shop.AssertEqualAsync(new TestDatabase(promoted, "shop"));
    }

    [Theory]
    [InlineData("shop.duckdb")]
    [InlineData("new.duckdb")]
    public async Task Another_cluster_is_copied_anew_only_when_that_is_asked_for_and_the_old_slot_goes(string file)
    {
        await using var old = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var shop = await RunbookShop.OpenAsync(old);
        // The tests' clusters of one encoding are copies of one, with its identity.
        await using var cluster =
            await PostgresServer.StartAsync(new PostgresServerOptions { Encoding = "LATIN1" }, Token);
        await using var restored = await RunbookShop.OpenAsync(cluster);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await restored.ExecuteAsync("INSERT INTO customers VALUES (9001, 'written at the new server')");
        var before = shop.PathBeside("old.json");
        File.Copy(shop.Definition, before);
        shop.Define("shop.json", restored.Database.ConnectionString, shop.PathBeside(file));

        if (file == "shop.duckdb")
        {
            var refused = await shop.RunIllAsync(Move, $"-OldPath '{before}'");
            Assert.Contains("of another server", refused, StringComparison.Ordinal);
            Assert.Equal(100, shop.Count("customers"));
        }
        Assert.Equal(1L, await shop.SlotsAsync());
        await shop.RunWellAsync(Move, $"-Restart -OldPath '{before}'");
        await restored.ExecuteAsync("INSERT INTO customers VALUES (9002, 'after the move')");
        var again = (await shop.RunHereAsync(Move, $"-Restart -OldPath '{before}'")).WithoutErrors().Output.Single();

        Assert.Empty((object[])again.Properties["Backfilled"].Value);
        await shop.AssertEqualAsync(restored.Database);
        Assert.Equal(0L, await shop.SlotsAsync());
    }

    [Fact]
    public async Task The_same_server_under_another_address_keeps_its_slot()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        await using var shop = await RunbookShop.OpenAsync(server);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        var before = shop.PathBeside("old.json");
        File.Copy(shop.Definition, before);
        await using var address = Testing.Faults.FaultProxy.Start(server.Host, server.Port);
        shop.Define("shop.json", address.Through(shop.Database.ConnectionString), shop.DuckDbFile);
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9001, 'new')");

        var said = await shop.RunWellAsync(Move, $"-OldPath '{before}'");

        Assert.Contains("is the same server", said, StringComparison.Ordinal);
        Assert.Equal(1L, await shop.SlotsAsync());
        await shop.AssertEqualAsync();
    }
}
