using System.Management.Automation;
using System.Management.Automation.Language;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Scripts;

/// <summary>What all runbooks have, and what they may call.</summary>
public sealed class RunbookScriptTests
{
    private static readonly string s_folder = Path.Combine("docs", "runbooks");

    /// <summary>What those call besides that do not run without PowerShell's own modules.</summary>
    private static readonly Dictionary<string, string[]> s_further = new()
    {
        ["Deployment.Tests.ps1"] = ["BeforeDiscovery", "BeforeAll", "Describe", "It", "Should"],
        ["Invoke-AzureBatch.ps1"] =
        [
            "Connect-AzAccount", "Get-AutomationPSCredential", "Get-AutomationVariable", "Get-AzAccessToken",
            "Get-AzKeyVaultSecret",
            "Start-Sleep",
        ],
    };

    public static TheoryData<string> Runbooks =>
        [.. Directory.GetFiles(RepositoryRoot.File(s_folder), "*.ps1").Select(file => Path.GetFileName(file))];

    internal static bool IsRunbook(string file) => Path.GetDirectoryName(file) == s_folder;

    [Theory]
    [MemberData(nameof(Runbooks))]
    public async Task A_runbook_calls_core_cmdlets_and_ours_alone(string name)
    {
        var script = Read(name);
        await using var core = ModuleHost.CreateEmpty();
        await using var module = ModuleHost.Create();
        HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
        known.UnionWith(Names(core.Run("(Get-Command -ListImported -CommandType Cmdlet).Name")));
        known.UnionWith(Names(module.Run("(Get-Command -Module EtlPs).Name")));
        known.UnionWith(script.FindAll(ast => ast is FunctionDefinitionAst, true)
            .Select(ast => ((FunctionDefinitionAst)ast).Name));

        var called = script.FindAll(ast => ast is CommandAst, true).Select(ast => ((CommandAst)ast).GetCommandName())
            .OfType<string>();

        Assert.Contains("ForEach-Object", known);
        Assert.DoesNotContain("Start-Sleep", known);
        Assert.Equal(
            s_further.GetValueOrDefault(name, []).Order(StringComparer.Ordinal),
            called.Where(command => !known.Contains(command)).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Runbooks))]
    public void A_runbook_is_strict_and_stops_at_errors_and_asks_for_what_it_needs(string name)
    {
        var script = Read(name);

        Assert.Contains(script.ParamBlock.Attributes, attribute => attribute.TypeName.Name == "CmdletBinding");
        Assert.Contains("Set-StrictMode -Version 3.0", script.Extent.Text, StringComparison.Ordinal);
        Assert.Contains("$ErrorActionPreference = 'Stop'", script.Extent.Text, StringComparison.Ordinal);
        Assert.Equal(new Version(7, 4), script.ScriptRequirements.RequiredPSVersion);
        Assert.Contains(script.ScriptRequirements.RequiredModules, module => module.Name == "EtlPs");
    }

    [Theory]
    [MemberData(nameof(Runbooks))]
    public void A_runbook_tells_what_it_does_and_each_of_its_parameters_and_is_in_the_list(string name)
    {
        var script = Read(name);
        var help = script.GetHelpContent();

        Assert.NotEmpty(help.Synopsis);
        Assert.NotEmpty(help.Description);
        Assert.NotEmpty(help.Examples);
        Assert.Equal(
            script.ParamBlock.Parameters.Select(p => p.Name.VariablePath.UserPath.ToUpperInvariant())
            .Order(StringComparer.Ordinal),
            help.Parameters.Keys.Order(StringComparer.Ordinal));
        Assert.All(help.Parameters.Values, text => Assert.NotEmpty(text.Trim()));
        Assert.Contains(
            Path.GetFileNameWithoutExtension(name), File.ReadAllText(RepositoryRoot.File(s_folder, "README.md")),
            StringComparison.Ordinal);
    }

    private static ScriptBlockAst Read(string name) =>
        Parser.ParseFile(RepositoryRoot.File(s_folder, name), out _, out _);

    private static IEnumerable<string> Names(ModuleResult result) =>
        result.WithoutErrors().Output.Select(name => (string)name.BaseObject);
}
