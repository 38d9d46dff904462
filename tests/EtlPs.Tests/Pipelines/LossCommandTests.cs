using EtlPs.Testing.Postgres;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Pipelines;

/// <summary>-UnboundedNumeric and -OnUnrepresentable, and what Get-EtlLoss tells.</summary>
public sealed class LossCommandTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Losses_are_listed_beside_a_job_without_any_value()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("UPDATE orders SET total = 'NaN' WHERE id = 42", Token);
        shop.Run("$null = New-EtlPipeline $name $source $file -OnUnrepresentable Null; Start-EtlBackfill $name")
            .WithoutErrors();
        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);

        var loss = shop.Run("Get-EtlPipeline | Get-EtlLoss").WithoutErrors().Output.Single();
        var none = shop.Run("Get-EtlLoss -Pipeline $name -Table customers").WithoutErrors().Output;
        var unknown = shop.Run("Get-EtlLoss $name nothing");
        var shown = shop.Run("Get-EtlLoss $name | Out-Host").WithoutErrors().HostText;
        shop.Run("Stop-EtlPipeline $name").WithoutErrors();

        Assert.Equal(
            (shop.Pipeline, "public.orders", "public.orders", "total", "id=42", "NaN"),
            (loss.Properties["Name"].Value, loss.Properties["Table"].Value, loss.Properties["DestinationTable"].Value,
                loss.Properties["Column"].Value, loss.Properties["Key"].Value, loss.Properties["Kind"].Value));
        Assert.NotNull(loss.Properties["Lsn"].Value);
        Assert.Equal("public.orders.total, id=42: NaN", loss.BaseObject.ToString());
        Assert.Empty(none);
        Assert.Equal("EtlPs.TableNotFound", unknown.Errors.Single().Id());
        Assert.Contains("id=42", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_takes_losses_may_stop_at_the_first_or_run_the_pipeline_for_each()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("UPDATE orders SET total = 'NaN' WHERE id < 4", Token);
        shop.Run("$null = New-EtlPipeline $name $source $file -OnUnrepresentable Null; $null = Start-EtlBackfill $name")
            .WithoutErrors();

        var first = shop.Run("Get-EtlLoss $name | Select-Object -First 1").WithoutErrors().Output.Single();
        var runs = shop.Run("Get-EtlLoss $name | ForEach-Object { (Start-EtlStream $_.Name -UntilCaughtUp).Name }")
            .WithoutErrors().Output;

        Assert.Equal("id=1", first.Properties["Key"].Value);
        Assert.Equal(Enumerable.Repeat(shop.Pipeline, 3), runs.Select(r => r.BaseObject));
    }

    [Fact]
    public async Task Numerics_are_rounded_where_the_user_has_chosen_so_and_listed()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            "CREATE TABLE rates (id int PRIMARY KEY, rate numeric); INSERT INTO rates VALUES (1, 0.125), (2, 0.5)",
            Token);
        shop.Run(
            """
            $null = New-EtlPipeline $name $source $file -UnboundedNumeric 'Decimal(10,2)' -OnUnrepresentable round
            $null = Start-EtlBackfill $name
            """).WithoutErrors();

        var loss = shop.Run("Get-EtlLoss $name").WithoutErrors().Output.Single();
        var rates = shop.Run("(Invoke-EtlQuery $name 'SELECT rate::VARCHAR AS r FROM rates ORDER BY id').r")
            .WithoutErrors().Output;

        Assert.Equal("public.rates.rate, id=1: rounded to DECIMAL(10,2)", loss.BaseObject.ToString());
        Assert.Equal(["0.13", "0.50"], rates.Select(r => r.BaseObject));
    }

    [Fact]
    public async Task Choices_are_given_for_all_columns_or_by_column_and_told_by_the_pipeline()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("CREATE TABLE rates (id int PRIMARY KEY, a numeric, b numeric)", Token);

        var one =
            shop.Run(
                "New-EtlPipeline $name $source $file -UnboundedNumeric 'decimal(38, 10)' -OnUnrepresentable quarantine")
                .WithoutErrors();
        var both = shop.Run(
            """
            New-EtlPipeline $name $source $file -UnboundedNumeric @{ 'rates.a' = 'Double'; '*' = 'Text' } -OnUnrepresentable @{ 'public.rates.*' = 'Null' }
            """).WithoutErrors();
        shop.Run("$null = Start-EtlBackfill $name").WithoutErrors();
        var again = shop.Run(
            "(Get-EtlPipeline $name).UnboundedNumeric").WithoutErrors().Output.Single();
        var types = shop.Run(
            "(Invoke-EtlQuery $name 'SELECT data_type FROM duckdb_columns() WHERE table_name = ''rates'' ORDER BY "
            + "column_index').data_type").WithoutErrors();

        Assert.Equal("Decimal(38,10)", Choice(one, "UnboundedNumeric", "*"));
        Assert.Equal("Quarantine", Choice(one, "OnUnrepresentable", "*"));
        Assert.Equal("Double", Choice(both, "UnboundedNumeric", "rates.a"));
        Assert.Equal("Null", Choice(both, "OnUnrepresentable", "public.rates.*"));
        Assert.Equal("Double", ((System.Collections.IDictionary)again.BaseObject)["rates.a"]);
        Assert.Equal(["INTEGER", "DOUBLE", "VARCHAR"], types.Output.Select(t => t.BaseObject));
    }

    [Theory]
    [InlineData("-OnUnrepresentable Ignore", "EtlPs.InvalidArgument")]
    [InlineData("-OnUnrepresentable 1", "EtlPs.InvalidArgument")]
    [InlineData("-OnUnrepresentable @{ 'orders.total' = 7 }", "EtlPs.InvalidArgument")]
    [InlineData("-UnboundedNumeric Float", "EtlPs.InvalidArgument")]
    [InlineData("-UnboundedNumeric @{ '*' = 'Decimal(99,1)' }", "EtlPs.InvalidArgument")]
    public async Task A_choice_that_is_none_is_refused_when_it_is_defined(string arguments, string id)
    {
        await using var shop = await Shop.OpenAsync(pool);

        var refused = shop.Run($"New-EtlPipeline $name $source $file {arguments}");

        Assert.Equal(id, refused.Errors.Single().Id());
        Assert.Empty(refused.Output);
    }

    [Theory]
    [InlineData("-OnUnrepresentable @{ 'orders.totl' = 'Null' }", "EtlPs.TableNotFound")]
    [InlineData("-OnUnrepresentable @{ 'orders.id' = 'Null' }", "EtlPs.InvalidArgument")]
    [InlineData("-UnboundedNumeric @{ 'orders.total' = 'Double' }", "EtlPs.InvalidArgument")]
    public async Task A_choice_for_a_column_that_it_cannot_be_for_is_refused_by_the_plan(string arguments, string id)
    {
        await using var shop = await Shop.OpenAsync(pool);
        shop.Run($"$null = New-EtlPipeline $name $source $file {arguments}").WithoutErrors();

        Assert.Equal(id, shop.Run("Start-EtlBackfill $name -WhatIf").Errors.Single().Id());
        Assert.False(File.Exists(shop.File));
    }

    [Fact]
    public async Task Names_are_mapped_for_copy_and_stream_and_told_by_the_tables()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            "CREATE TABLE \"Orders\" (\"Id\" int PRIMARY KEY, id int); INSERT INTO \"Orders\" VALUES (1, 10)", Token);
        shop.Run("$null = New-EtlPipeline $name $source $file").WithoutErrors();
        Assert.Equal("EtlPs.NameCollision", shop.Run("Start-EtlBackfill $name").Errors.Single().Id());

        shop.Run(
            """
            $null = New-EtlPipeline $name $source $file -TableMap @{ 'public."Orders"' = 'archive.orders_2' } -ColumnMap @{ '"Orders".id' = 'id_2' }
            Start-EtlStream $name -UntilCaughtUp
            """).WithoutErrors();
        var table = shop.Run("Get-EtlTable $name '\"Orders\"'").WithoutErrors().Output.Single();
        var value = shop.Run("(Invoke-EtlQuery $name 'SELECT id_2 FROM archive.orders_2').id_2")
            .WithoutErrors().Output.Single();

        Assert.Equal("archive.orders_2", table.Properties["DestinationTable"].Value);
        Assert.Equal("id_2", ((System.Collections.IDictionary)table.Properties["ColumnMap"].Value)["id"]);
        Assert.Equal(10, value.BaseObject);
    }

    [Fact]
    public async Task A_sample_of_the_users_rows_tells_which_columns_are_exact_and_never_a_value()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync(
            "UPDATE orders SET total = 'NaN' WHERE id = 42; UPDATE customers SET name = 'hunter2'", Token);

        var result = shop.Run("Get-EtlPipeline $name | Test-EtlTypeFidelity -SampleSize 5000").WithoutErrors();
        var shown = shop.Run("Test-EtlTypeFidelity $name -Table *.o* -SampleSize 10000 | Out-Host")
            .WithoutErrors().HostText;

        var total = result.Output.Single(c => Equals(c.Properties["Column"].Value, "total"));
        Assert.Equal(6, result.Output.Count);
        Assert.Equal((5000, false, "NaN (1)"), ((int)total.Properties["Rows"].Value,
            (bool)total.Properties["Exact"].Value, (string)total.Properties["Reason"].Value));
        Assert.All(result.Output.Where(c => c != total), c => Assert.Equal(true, c.Properties["Exact"].Value));
        Assert.Contains("NaN (1)", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", shown + string.Concat(result.Output), StringComparison.Ordinal);
        Assert.False(File.Exists(shop.File));
    }

    private static object? Choice(ModuleResult result, string parameter, string column) =>
        ((System.Collections.IDictionary)result.Output.Single().Properties[parameter].Value)[column];
}
