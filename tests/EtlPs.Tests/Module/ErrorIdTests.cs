using System.Management.Automation;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Module;

/// <summary>
/// Each cmdlet fails with the id and category that scripts compare; no server and no file is needed for these.
/// </summary>
public sealed class ErrorIdTests
{
    private const string Define =
        "$null = New-EtlPipeline shop 'Host=127.0.0.1;Port=1;Database=shop;Username=me' $file; ";

    /// <summary>Script, id, category, and whether the cmdlet ends with it.</summary>
    public static TheoryData<string, string, ErrorCategory, bool> Failures => new()
    {
        {
            "New-EtlSource db1 shop -UserName a -Credential $credential", "InvalidArgument",
                ErrorCategory.InvalidArgument, true
        },
        { "New-EtlDestination ''", "ParameterArgumentValidationError", ErrorCategory.InvalidData, true },
        { "New-EtlPipeline 'Not a name' 'Host=db1' ':memory:'", "InvalidArgument", ErrorCategory.InvalidArgument,
            true },
        { "New-EtlPipeline shop 'Hots=db1' ':memory:'", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { "Get-EtlPipeline nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { "Test-EtlPipeline nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { "Test-EtlTypeFidelity nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { "Start-EtlBackfill nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { Define + "Start-EtlBackfill shop", "SourceUnreachable", ErrorCategory.ConnectionError, true },
        { Define + "Start-EtlBackfill shop -Where @{ 1 = 2 }", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { Define + "Start-EtlStream shop", "SourceUnreachable", ErrorCategory.ConnectionError, true },
        { Define + "Start-EtlStream shop -UntilLsn 7", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { Define + "Start-EtlStream shop -Duration 0", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { "Stop-EtlPipeline nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { Define + "Remove-EtlPipeline shop -Confirm:$false", "SourceUnreachable", ErrorCategory.ConnectionError,
            true },
        { Define + "Reset-EtlTable shop t", "SourceUnreachable", ErrorCategory.ConnectionError, true },
        { Define + "Get-EtlSlotLag shop", "SourceUnreachable", ErrorCategory.ConnectionError, false },
        { Define + "Get-EtlTable shop t", "TableNotFound", ErrorCategory.ObjectNotFound, true },
        { "Get-EtlTable -Source 'Host=127.0.0.1;Port=1'", "SourceUnreachable", ErrorCategory.ConnectionError, true },
        { "Get-EtlLoss nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { "Get-EtlSlot 'Host=127.0.0.1;Port=1'", "SourceUnreachable", ErrorCategory.ConnectionError, true },
        { "Remove-EtlSlot 'Host=127.0.0.1;Port=1' orphan -Confirm:$false", "SourceUnreachable",
            ErrorCategory.ConnectionError, true },
        { "Get-EtlSlot 'Hots=db1'", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { "Get-EtlSlotLag -Source 'Hots=db1'", "InvalidArgument", ErrorCategory.InvalidArgument, false },
        { "Get-EtlTable -Source 'Hots=db1'", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { "Invoke-EtlQuery -Source 'Hots=db1' 'SELECT 1'", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { "Watch-EtlChange -Source 'Hots=db1' t", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { "Wait-EtlPipeline nobody", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { Define + "Initialize-EtlPipeline shop", "SourceUnreachable", ErrorCategory.ConnectionError, true },
        { "Watch-EtlChange -Source 'Host=127.0.0.1;Port=1' t", "SourceUnreachable", ErrorCategory.ConnectionError,
            true },
        { "Export-EtlPipeline nobody $file", "PipelineNotFound", ErrorCategory.ObjectNotFound, false },
        { "Import-EtlPipeline ./none.json", "InvalidArgument", ErrorCategory.InvalidArgument, true },
        { Define + "Invoke-EtlQuery shop 'SELECT 1'", "DestinationUnavailable", ErrorCategory.ResourceUnavailable,
            true },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_cmdlet_fails_with_its_id_and_category(
        string script, string id, ErrorCategory category, bool terminates)
    {
        await using var host = ModuleHost.Create();
        using var password = new System.Security.SecureString();

        var result = host.Run(
            $"try {{ {script} }} catch {{ $_ }}",
            ("credential", new PSCredential("b", password)),
            ("file", Path.Combine(Path.GetTempPath(), $"none-{Guid.NewGuid():N}.duckdb")));

        var caught = result.OutputOf<ErrorRecord>();
        var error = Assert.Single(caught.Concat(result.Errors));
        Assert.Equal(id.StartsWith("Parameter", StringComparison.Ordinal) ? id : "EtlPs." + id, error.Id());
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.Equal(terminates, caught.Count == 1);
        if (error.Id().StartsWith("EtlPs.", StringComparison.Ordinal))
            Assert.False(string.IsNullOrEmpty(error.ErrorDetails.RecommendedAction));
    }

    [Fact]
    public async Task No_cmdlet_is_left_out()
    {
        await using var host = ModuleHost.Create();
        var scripts = Failures.Select(row => row.Data.Item1).ToList();

        foreach (var command in host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>())
            Assert.Contains(scripts, script => script.Contains(command.Name + " ", StringComparison.Ordinal));
    }
}
