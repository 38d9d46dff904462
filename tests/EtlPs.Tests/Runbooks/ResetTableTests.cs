using EtlPs.Testing.Postgres;
using EtlPs.Tests.Pipelines;

namespace EtlPs.Tests.Runbooks;

public sealed class ResetTableTests(ServerPool pool)
{
    private const string Reset = "Reset-Table";

    [Fact]
    public async Task A_table_set_aside_is_copied_again_and_shown_once_its_cause_is_mended()
    {
        await using var shop = await SetAsideAsync();
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9001, 'new')");

        var again = await shop.RunIllAsync(Reset);
        await shop.ExecuteAsync("UPDATE orders SET total = 1 WHERE id = 9001");
        await shop.RunWellAsync(Reset);

        Assert.Contains($"{shop.Pipeline}: public.orders: SetAside", again, StringComparison.Ordinal);
        Assert.Contains("id=9001", again, StringComparison.Ordinal);
        Assert.Equal(["Ready", "Ready"], States(shop));
        await shop.AssertEqualAsync();
    }

    [Fact]
    public async Task Tables_that_are_named_are_copied_again_whatever_they_are_and_no_others()
    {
        await using var shop = await SetAsideAsync();

        var result = await shop.RunHereAsync(Reset, "-Table customers");

        Assert.Null(result.TerminatingError);
        Assert.Equal("public.customers", result.Output[0].Text("Table"));
        Assert.Equal("CaughtUp", result.Output[^1].Text("EndedBy"));
        Assert.Equal(["Ready", "SetAside"], States(shop));
    }

    [Fact]
    public async Task WhatIf_returns_the_plan_and_changes_nothing()
    {
        await using var shop = await SetAsideAsync();
        await shop.ExecuteAsync("UPDATE orders SET total = 1 WHERE id = 9001");
        var before = Convert.ToHexString(
            await File.ReadAllBytesAsync(shop.DuckDbFile, TestContext.Current.CancellationToken));

        var result = (await shop.RunHereAsync(Reset, "-WhatIf")).WithoutErrors();

        Assert.Equal("Reset", result.Output.Single().Text("Operation"));
        Assert.Equal(before, Convert.ToHexString(
            await File.ReadAllBytesAsync(shop.DuckDbFile, TestContext.Current.CancellationToken)));
    }

    private async Task<RunbookShop> SetAsideAsync()
    {
        var shop = await RunbookShop.OpenAsync(pool, $"{TestContext.Current.TestMethod!.MethodName}");
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.ExecuteAsync("INSERT INTO orders VALUES (9001, 1, 'NaN', now())");
        await shop.RunIllAsync("Invoke-NightlyBatch");
        return shop;
    }

    private static IEnumerable<string?> States(RunbookShop shop) =>
        shop.Run("Get-EtlTable $name").WithoutErrors().Output.Select(table => table.Text("State"));
}
