using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class TableCommandTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tables_are_listed_by_pipeline_table_and_state_while_a_job_streams()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        Assert.Empty(shop.Run("Get-EtlTable $name").WithoutErrors().Output);
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);

        var all = shop.Run("Get-EtlPipeline | Get-EtlTable").WithoutErrors().Output;
        var orders = shop.Run("Get-EtlTable -Pipeline $name -Table *.ord* -State Ready, SetAside")
            .WithoutErrors().Output.Single();
        var none = shop.Run("Get-EtlTable $name -State SetAside").WithoutErrors().Output;
        var unknown = shop.Run("Get-EtlTable $name nothing");
        shop.Run("Stop-EtlPipeline $name").WithoutErrors();

        Assert.Equal(["public.customers", "public.orders"], all.Select(t => t.Properties["Table"].Value));
        Assert.Equal(shop.Pipeline, orders.Properties["Name"].Value);
        Assert.Equal(5000L, orders.Properties["Rows"].Value);
        Assert.True((long)orders.Properties["Bytes"].Value > 5000);
        Assert.Null(orders.Properties["ErrorCode"].Value);
        Assert.Empty(none);
        Assert.Equal("EtlPs.TableNotFound", unknown.Errors.Single().Id());
    }

    [Fact]
    public async Task A_table_set_aside_tells_cause_key_and_remedy_and_the_next_start_warns_of_it_once()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        await shop.Database.ExecuteAsync("INSERT INTO orders VALUES (7777, 1, 'NaN', now())", Token);
        shop.Run("Start-EtlStream $name -UntilCaughtUp");

        var aside = shop.Run("Get-EtlTable $name -State SetAside").WithoutErrors().Output.Single();
        var again = shop.Run("Start-EtlStream $name -UntilCaughtUp");
        var shown = shop.Run("Get-EtlTable $name | Out-Host").WithoutErrors().HostText;

        Assert.Equal("ValueNotRepresentable", aside.Properties["ErrorCode"].Value);
        Assert.Equal("total", aside.Properties["ErrorColumn"].Value);
        Assert.Equal("id=7777", aside.Properties["ErrorKey"].Value);
        Assert.NotNull(aside.Properties["StandsAt"].Value);
        Assert.NotNull(aside.Properties["Since"].Value);
        Assert.Contains("Reset-EtlTable", (string)aside.Properties["Remedy"].Value, StringComparison.Ordinal);
        Assert.Contains("public.orders", Assert.Single(again.Warnings), StringComparison.Ordinal);
        Assert.Contains("SetAside", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_set_aside_are_copied_again_while_a_job_streams_and_WhatIf_only_plans_it()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        await shop.Database.ExecuteAsync("INSERT INTO orders VALUES (7777, 1, 'NaN', now())", Token);
        shop.Run("Start-EtlStream $name -UntilCaughtUp");
        await shop.Database.ExecuteAsync("UPDATE orders SET total = 1 WHERE id = 7777", Token);
        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);

        var planned = shop.Run("Get-EtlTable $name -State SetAside | Reset-EtlTable -WhatIf").WithoutErrors();
        var state = shop.Run("(Get-EtlTable $name orders).State").WithoutErrors().Output.Single();
        var reset = shop.Run("Get-EtlTable $name -State SetAside | Reset-EtlTable").WithoutErrors().Output.Single();
        shop.Run("Stop-EtlPipeline $name").WithoutErrors();

        Assert.Equal("Reset", planned.Output.Single().Properties["Operation"].Value);
        Assert.Contains("public.orders", planned.HostText, StringComparison.Ordinal);
        Assert.Equal("SetAside", state.BaseObject);
        Assert.Equal("Ready", reset.Properties["State"].Value);
        Assert.Equal(5001L, reset.Properties["Rows"].Value);
        Assert.Equal(5001, shop.Count("orders"));
    }

    [Fact]
    public async Task A_reset_of_an_unknown_table_is_refused()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var before = shop.Run("Reset-EtlTable $name orders");
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        var unknown = shop.Run("Reset-EtlTable $name nothing");

        Assert.Equal("EtlPs.TableNotFound", before.Errors.Single().Id());
        Assert.Equal("EtlPs.TableNotFound", unknown.Errors.Single().Id());
    }

    [Fact]
    public async Task A_stream_told_to_stop_fails_with_the_tables_error()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name -OnTableError Stop").WithoutErrors();
        await shop.Database.ExecuteAsync("INSERT INTO orders VALUES (7777, 1, 'NaN', now())", Token);

        var stopped = shop.Run("Start-EtlStream $name -UntilCaughtUp -OnTableError Stop");

        Assert.Equal("EtlPs.ValueNotRepresentable", stopped.Errors.Single().Id());
        Assert.Empty(stopped.Output);
        Assert.Empty(shop.Run("Get-EtlTable $name -State SetAside").WithoutErrors().Output);
    }
}
