using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Runbooks;

public sealed class NightlyBatchTests(ServerPool pool)
{
    private const string Batch = "Invoke-NightlyBatch";

    [Fact]
    public async Task Each_batch_brings_what_changed_since_the_one_before()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);

        var first = await shop.RunWellAsync(Batch);
        await shop.AssertEqualAsync();
        await shop.ExecuteAsync(
            "INSERT INTO orders VALUES (9001, 1, 1, now()); DELETE FROM orders WHERE id < 10; "
            + "UPDATE customers SET name = 'x'");
        var second = await shop.RunWellAsync(Batch, "-Duration 01:00:00");

        await shop.AssertEqualAsync();
        Assert.Contains("CaughtUp", first, StringComparison.Ordinal);
        Assert.Contains("CaughtUp", second, StringComparison.Ordinal);
        Assert.Equal(1L, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_pipeline_that_fails_and_a_table_that_is_set_aside_are_named_and_keep_nobody_from_their_turn()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync(Batch);
        shop.Run("$null = New-EtlPipeline away 'Host=127.0.0.1;Port=1;Database=x;Username=y' ':memory:'")
            .WithoutErrors();
        shop.Run($"Get-EtlPipeline | Export-EtlPipeline -Path '{shop.Definition}' -Force > $null").WithoutErrors();
        await shop.ExecuteAsync(
            "INSERT INTO orders VALUES (9001, 1, 'NaN', now()); INSERT INTO customers VALUES (9001, 'new')");

        var said = await shop.RunIllAsync(Batch);

        Assert.Contains("away: No Postgres server answers", said, StringComparison.Ordinal);
        Assert.Contains($"{shop.Pipeline}: set aside: public.orders", said, StringComparison.Ordinal);
        Assert.Contains("id=9001", said, StringComparison.Ordinal);
        Assert.Equal(101, shop.Count("customers"));
    }

    [Fact]
    public async Task A_batch_ended_by_its_time_says_so_and_the_next_one_goes_on()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await using var connection = await shop.Database.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        // A slot is not made before transactions that write have ended.
        command.CommandText = "BEGIN; INSERT INTO customers VALUES (9001, 'open')";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        shop.Run($"$null = New-EtlPipeline zz $source '{shop.PathBeside("zz.duckdb")}' -Table customers")
            .WithoutErrors();
        shop.Run($"Get-EtlPipeline | Export-EtlPipeline -Path '{shop.Definition}' -Force > $null").WithoutErrors();

        var said = await shop.RunIllAsync(Batch, "-Duration 00:00:03");
        var wrong = await shop.RunAsync(Batch, "-Duration 14400");
        command.CommandText = "COMMIT";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await shop.RunWellAsync(Batch);

        Assert.Contains("zz: no time was left for it", said, StringComparison.Ordinal);
        Assert.Contains($"{shop.Pipeline}: not caught up", said, StringComparison.Ordinal);
        Assert.Contains("is no time like 04:00:00", wrong.ErrorOutput + wrong.Output, StringComparison.Ordinal);
        await shop.AssertEqualAsync();
    }

    [Fact]
    public async Task A_batch_of_nothing_is_an_error()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);

        Assert.Contains(
            "There is no pipeline nosuch*", await shop.RunIllAsync(Batch, "-Name nosuch*"), StringComparison.Ordinal);
        Assert.Equal(0L, await shop.SlotsAsync());
    }
}
