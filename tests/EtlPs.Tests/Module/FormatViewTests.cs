using System.Reflection;
using System.Xml.Linq;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Repository;
using EtlPs.Tests.Pipelines;

namespace EtlPs.Tests.Module;

public sealed class FormatViewTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_type_that_is_shown_has_a_view_alive_and_deserialized()
    {
        await using var host = ModuleHost.Create();
        var assembly = host.Run("(Get-Command New-EtlSource).ImplementingType.Assembly").OutputOf<Assembly>().Single();

        var shown = assembly.GetExportedTypes()
            .Where(type => type.Namespace == "EtlPs.Model" && !type.IsAbstract)
            .SelectMany(type => new[] { type.FullName!, $"Deserialized.{type.FullName}" });

        var file = XDocument.Load(RepositoryRoot.File("EtlPs.Format.ps1xml"));
        var views = file.Descendants("TypeName").Select(name => name.Value);
        Assert.Equal(shown.Order(StringComparer.Ordinal), views.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Views_give_units_and_the_values_stay_raw()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var text = shop.Run(
            """
            $results = Start-EtlBackfill $name
            $results | Out-Host
            (Get-EtlPipeline $name).Tables | Out-Host
            Get-EtlPipeline $name | Out-Host
            Get-EtlSlotLag $name | Out-Host
            Start-EtlStream $name -UntilCaughtUp | Out-Host
            Get-EtlPipeline $name | Out-Host
            $plan = Remove-EtlPipeline $name -WhatIf
            $plan | Out-Host
            $plan.Effects | Out-Host
            New-EtlDestination ':memory:' -MemoryLimit 250MB | Out-Host
            """).WithoutErrors().HostText;

        Assert.Contains("5,000", text, StringComparison.Ordinal);
        Assert.Contains("KB", text, StringComparison.Ordinal);
        Assert.Contains("2 of 2 ready", text, StringComparison.Ordinal);
        Assert.Contains("250 MB", text, StringComparison.Ordinal);
        Assert.Contains("CaughtUp", text, StringComparison.Ordinal);
        Assert.DoesNotContain("#ERR", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Views_show_the_same_alive_and_from_another_process()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("$null = Start-EtlBackfill $name").WithoutErrors();
        var watching = Task.Run(
            () => shop.Session.RunAsync("$change = Watch-EtlChange $name | Select-Object -First 1", Token), Token);
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1000, 'late')", Token);
        (await watching).WithoutErrors();
        shop.Run(
            """
            $all = @(
                $change, (Get-EtlPipeline $name), (Get-EtlTable $name), (Get-EtlTable -Source $source), (Get-EtlSlot $source "etlps_$name"),
                (Get-EtlSlotLag $name), (Start-EtlStream $name -UntilCaughtUp), (Start-EtlBackfill $name),
                (Remove-EtlPipeline $name -WhatIf), (Remove-EtlPipeline $name -WhatIf).Effects) | ForEach-Object { $_ }
            """).WithoutErrors();

        var alive = shop.Run("$all | ForEach-Object { ,$_ | Out-Host }").WithoutErrors().HostText;
        var elsewhere = shop.Run(
            """
            $all | ForEach-Object {
                ,[System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_)) | Out-Host
            }
            """).WithoutErrors().HostText;

        Assert.Contains("id=1000, name=late", alive, StringComparison.Ordinal);
        Assert.Contains("2 of 2 ready", alive, StringComparison.Ordinal);
        Assert.Equal(alive, elsewhere);
    }
}
