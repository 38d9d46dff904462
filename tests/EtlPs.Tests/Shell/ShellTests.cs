using EtlPs.Testing.Processes;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Shell;

/// <summary>The shell as a user starts it: a process with arguments, output and an exit code.</summary>
public sealed class ShellTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("etlps-shell-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'no further'", 1)]
    [InlineData("Get-Nothing; 'went on'", 0)]
    public async Task A_scripts_end_is_the_exit_code(string script, int expected)
    {
        ProcessOutcome outcome = await RunScriptAsync(script);
        Assert.Equal(expected, outcome.ExitCode);

        outcome = await RunAsync("-Command", script);
        Assert.Equal(expected, outcome.ExitCode);
    }

    [Fact]
    public async Task Arguments_reach_the_scripts_parameters()
    {
        ProcessOutcome outcome = await RunScriptAsync(
            """
            param([string] $Name, [switch] $Loud, [int] $Count, [switch] $Quiet, [string] $Last)
            "$Name|$Loud|$Count|$Quiet|$Last"
            """,
            "-Name", "a b", "-Loud", "-Count", "5", "-Quiet:$false", "end");

        Assert.Equal("a b|True|5|False|end", outcome.Output.Trim());
    }

    [Fact]
    public async Task Output_is_formatted_and_errors_go_to_the_error_stream_with_their_position()
    {
        ProcessOutcome outcome = await RunScriptAsync(
            """
            [pscustomobject]@{ Table = 'orders'; Rows = 12 } | Out-Default
            throw 'it broke'
            """);

        Assert.Matches(@"Table\s+Rows\s+-+\s+-+\s+orders\s+12", outcome.Output);
        Assert.DoesNotContain('\e', outcome.Output);
        Assert.Contains("it broke", outcome.ErrorOutput, StringComparison.Ordinal);
        Assert.Contains("script.ps1:2", outcome.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_module_loads_in_the_shell_with_its_engine_apart()
    {
        ProcessOutcome outcome = await RunAsync(
            "-Command",
            $"Import-Module '{RepositoryRoot.ModuleManifest}'; (Get-Command -Module EtlPs).Name;"
            + "New-EtlSource -HostName h -Database d | Out-Null;"
            + "[Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name -contains 'EtlPs.Engine'");

        Assert.Equal("", outcome.ErrorOutput);
        Assert.Contains("Start-EtlStream", outcome.Output, StringComparison.Ordinal);
        Assert.EndsWith("False", outcome.Output.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_script_it_says_how_it_is_used()
    {
        ProcessOutcome outcome = await RunAsync();

        Assert.Equal(64, outcome.ExitCode);
        Assert.StartsWith("Usage:", outcome.ErrorOutput, StringComparison.Ordinal);
    }

    private async Task<ProcessOutcome> RunScriptAsync(string script, params string[] arguments)
    {
        string file = Path.Combine(_folder, "script.ps1");
        await File.WriteAllTextAsync(file, script, Token);
        return await RunAsync([file, .. arguments]);
    }

    private static Task<ProcessOutcome> RunAsync(params string[] arguments)
    {
        string built = AppContext.BaseDirectory.Replace("EtlPs.Tests", "EtlPs.Shell", StringComparison.Ordinal);
        return ChildProcess.RunAsync("dotnet", [Path.Combine(built, "EtlPs.Shell.dll"), .. arguments], Token);
    }
}
