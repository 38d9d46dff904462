using System.Management.Automation;
using System.Runtime.Loader;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Module;

public sealed class ModuleImportTests
{
    private static readonly string[] Cmdlets =
    [
        "Export-EtlPipeline", "Get-EtlLoss", "Get-EtlPipeline", "Get-EtlSlot", "Get-EtlSlotLag", "Get-EtlTable",
        "Import-EtlPipeline", "Initialize-EtlPipeline", "Invoke-EtlQuery", "New-EtlDestination", "New-EtlPipeline",
        "New-EtlSource", "Remove-EtlPipeline", "Remove-EtlSlot", "Reset-EtlTable", "Start-EtlBackfill",
        "Start-EtlStream", "Stop-EtlPipeline", "Test-EtlPipeline", "Test-EtlTypeFidelity", "Wait-EtlPipeline",
        "Watch-EtlChange",
    ];

    [Fact]
    public async Task The_built_module_imports_and_exports_its_cmdlets_and_nothing_else()
    {
        await using var host = ModuleHost.Create();

        var exported = host.Run("(Get-Module EtlPs).ExportedCommands.Keys | . { process { $_ } }").WithoutErrors();

        Assert.Equal(Cmdlets, exported.OutputOf<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_manifest_and_the_assembly_have_the_same_version()
    {
        await using var host = ModuleHost.Create();

        var versions = host.Run(
            """
            (Get-Module EtlPs).Version
            (Get-Command New-EtlSource).ImplementingType.Assembly.GetName().Version
            """).WithoutErrors().OutputOf<Version>();

        Assert.Equal(versions[0], new Version(versions[1].Major, versions[1].Minor, versions[1].Build));
    }

    [Fact]
    public async Task The_engine_and_its_Npgsql_load_apart_from_those_of_others()
    {
        // This host has an Npgsql of its own, as another module might.
        var ours = typeof(Npgsql.NpgsqlConnection).Assembly;
        await using var host = ModuleHost.Create();

        host.Run("New-EtlSource db1 shop; New-EtlPipeline p 'Host=db1' ':memory:'").WithoutErrors();

        var loaded = AppDomain.CurrentDomain.GetAssemblies();
        var engine = Assert.Single(loaded, a => a.GetName().Name == "EtlPs.Engine");
        var context = AssemblyLoadContext.GetLoadContext(engine);
        Assert.Equal("EtlPs", context?.Name);
        Assert.Equal(RepositoryRoot.File("bin", "engine", "EtlPs.Engine.dll"), engine.Location);
        Assert.Same(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(ours));
        Assert.Contains(
            loaded, a => a.GetName().Name == "Npgsql" && a != ours && AssemblyLoadContext.GetLoadContext(a) == context);
    }

    [Fact]
    public async Task Sessions_of_one_process_do_not_see_each_others_pipelines()
    {
        await using var first = ModuleHost.Create();
        await using var second = ModuleHost.Create();

        first.Run("New-EtlPipeline mine 'Host=db1' ':memory:'").WithoutErrors();

        Assert.Single(first.Run("Get-EtlPipeline").Output);
        Assert.Empty(second.Run("Get-EtlPipeline").WithoutErrors().Output);
    }

    [Fact]
    public async Task The_module_can_be_removed_and_imported_again()
    {
        await using var host = ModuleHost.Create();

        var result = host.Run(
            "Remove-Module EtlPs; Import-Module $manifest; New-EtlSource db1 shop",
            ("manifest", RepositoryRoot.ModuleManifest)).WithoutErrors();

        Assert.Equal("db1", Assert.Single(result.Output).Properties["Host"].Value);
    }

    [Fact]
    public async Task Names_of_pipelines_are_completed()
    {
        await using var host = ModuleHost.Create();
        host.Run("New-EtlPipeline shop 'Host=db1' ':memory:'; New-EtlPipeline stock 'Host=db1' ':memory:'")
            .WithoutErrors();

        var completed = host.Run("(TabExpansion2 'Start-EtlStream sh' 18).CompletionMatches.CompletionText")
            .WithoutErrors();

        Assert.Equal(["shop"], completed.OutputOf<string>());
    }
}
