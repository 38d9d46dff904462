using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>-ExcludeTable and -Where.</summary>
public sealed class SelectionCommandTests(ServerPool pool)
{
    [Fact]
    public async Task Excluded_tables_are_not_copied()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var pipeline = shop.Run("New-EtlPipeline $name $source $file -ExcludeTable cust*")
            .WithoutErrors().Output.Single();
        var results = shop.Run("Start-EtlBackfill $name").WithoutErrors().Output;
        var misspelt = shop.Run("New-EtlPipeline other $source ':memory:' -ExcludeTable custmers | Start-EtlBackfill");

        Assert.Equal(new[] { "cust*" }, pipeline.Properties["ExcludeTable"].Value);
        Assert.Equal("public.orders", results.Single().Properties["Table"].Value);
        Assert.Equal("EtlPs.TableNotFound", misspelt.Errors.Single().Id());
    }

    [Fact]
    public async Task A_one_off_copy_takes_the_rows_that_Where_lets_in()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var results = shop.Run(
            """Start-EtlBackfill $name -SnapshotOnly -Where @{ 'public.orders' = "placed >= timestamptz '2026-01-04Z'" }""")
            .WithoutErrors().Output;

        var expected = await shop.Database.ScalarAsync<long>(
            "SELECT count(*) FROM orders WHERE placed >= timestamptz '2026-01-04Z'",
            TestContext.Current.CancellationToken);
        Assert.Equal(
            [100L, expected], results.OrderBy(r => r.Properties["Table"].Value)
                .Select(r => r.Properties["Rows"].Value));
        Assert.Equal(expected, shop.Count("orders"));
    }

    [Fact]
    public async Task A_condition_that_cannot_be_right_is_shown_by_WhatIf_or_refused()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var plan = shop.Run("Start-EtlBackfill $name -SnapshotOnly -Where @{ orders = 'nothing = 1' } -WhatIf")
            .WithoutErrors();
        var run = shop.Run("Start-EtlBackfill $name -SnapshotOnly -Where @{ orders = 'nothing = 1' }");
        var streamed =
            shop.Run("New-EtlPipeline a $source ./a.duckdb | Start-EtlBackfill -Where @{ orders = 'id = 1' }");
        var unknown = shop.Run("Start-EtlBackfill a -SnapshotOnly -Where @{ order = 'id = 1' }");
        var number = shop.Run("Start-EtlBackfill a -SnapshotOnly -Where @{ orders = 1 }");

        var tables = (object[])plan.Output.Single().Properties["Tables"].Value;
        Assert.Contains(tables, t => (t.GetType().GetProperty("Problem")!.GetValue(t) as string)?.Contains(
            "nothing", StringComparison.Ordinal) == true);
        Assert.Equal("EtlPs.InvalidArgument", run.Errors.Single().Id());
        Assert.Equal(["SetAside", "Ready"], run.Output.Select(r => r.Properties["State"].Value).OrderDescending());
        Assert.Equal("EtlPs.InvalidArgument", streamed.Errors.Single().Id());
        Assert.Contains("-SnapshotOnly", streamed.Errors.Single().Exception.Message, StringComparison.Ordinal);
        Assert.Equal("EtlPs.TableNotFound", unknown.Errors.Single().Id());
        Assert.Equal("EtlPs.InvalidArgument", number.Errors.Single().Id());
    }
}
