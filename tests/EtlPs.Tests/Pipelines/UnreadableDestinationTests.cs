using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>What Get-EtlPipeline says of a destination that it cannot read.</summary>
public sealed class UnreadableDestinationTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_that_is_no_database_is_an_error_beside_the_definition()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await File.WriteAllTextAsync(shop.File, new string('x', 20000), Token);

        var told = shop.Run("Get-EtlPipeline $name");

        Assert.Equal("EtlPs.NotADuckDbFile", told.Errors.Single().Id());
        Assert.Equal(shop.Pipeline, told.Output.Single().Text("Name"));
    }

    [Fact]
    public async Task A_file_that_a_run_elsewhere_has_open_is_a_warning_beside_the_definition()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("$null = Start-EtlStream $name -AsJob; $null = Wait-EtlPipeline $name -Timeout 300").WithoutErrors();
        await using var other = shop.OpenSession();

        var told = other.Run("$null = New-EtlPipeline $name $source $file; Get-EtlPipeline $name").WithoutErrors();

        Assert.Contains(shop.File, told.Warnings.Single(), StringComparison.Ordinal);
        Assert.Equal(shop.Pipeline, told.Output.Single().Text("Name"));
        Assert.Null(told.Output.Single().Text("Lsn"));
    }
}
