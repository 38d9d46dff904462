using System.Management.Automation;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Module;

public sealed class CommandSurfaceTests
{
    private static readonly HashSet<string> Common =
        [.. Cmdlet.CommonParameters, .. Cmdlet.OptionalCommonParameters];

    [Theory]
    [InlineData(
        "New-EtlSource",
        "*: ApplicationName, Credential, Database*, HostName*, Port, RootCertificate, SslMode, UserName")]
    [InlineData("New-EtlDestination", "*: MemoryLimit, Path*, Threads")]
    [InlineData("New-EtlPipeline",
        "*: ColumnMap, Destination*, DestinationSchema, ExcludeTable, MemoryLimit, Name*, OnUnrepresentable, Publication, SlotName, Source*, Table, TableMap, "
        + "UnboundedNumeric")]
    [InlineData("Get-EtlPipeline", "*: Name")]
    [InlineData("Test-EtlTypeFidelity", "InputObject: InputObject*, SampleSize, Table|Name: Name*, SampleSize, Table")]
    [InlineData("Get-EtlLoss", "InputObject: InputObject*, Table|Name: Name*, Table")]
    [InlineData("Remove-EtlPipeline", "InputObject: InputObject*|Name: Name*")]
    [InlineData("Start-EtlBackfill",
        "InputObject: AsJob, InputObject*, OnTableError, Restart, SnapshotOnly, ThrottleLimit, Where"
        + "|Name: AsJob, Name*, OnTableError, Restart, SnapshotOnly, ThrottleLimit, Where")]
    [InlineData("Start-EtlStream",
        "InputObject: AsJob, Duration, InputObject*, OnTableError, ReconnectTimeout, Restart, SkipBackfill, ThrottleLimit, UntilCaughtUp, UntilLsn"
        + "|Name: AsJob, Duration, Name*, OnTableError, ReconnectTimeout, Restart, SkipBackfill, ThrottleLimit, UntilCaughtUp, UntilLsn")]
    [InlineData("Stop-EtlPipeline", "InputObject: InputObject*|Name: Name*")]
    [InlineData("Get-EtlSlotLag",
        "InputObject: InputObject*, RefreshInterval|Name: Name*, RefreshInterval|Source: RefreshInterval, SlotName, Source*")]
    [InlineData("Get-EtlSlot", "*: SlotName, Source*")]
    [InlineData("Remove-EtlSlot", "*: Force, SlotName*, Source*")]
    [InlineData("Get-EtlTable", "InputObject: InputObject*, State, Table|Name: Name*, State, Table|Source: Source*, Table")]
    [InlineData("Reset-EtlTable", "InputObject: InputObject*, Table*|Name: Name*, Table*")]
    [InlineData("Invoke-EtlQuery", "InputObject: InputObject*, Query*|Name: Name*, Query*|Source: Query*, Source*")]
    [InlineData("Export-EtlPipeline",
        "InputObject: Force, InputObject*, Path*, SecretName, Vault|Name: Force, Name*, Path*, SecretName, Vault")]
    [InlineData("Import-EtlPipeline", "*: Credential, Name, Path*")]
    [InlineData("Wait-EtlPipeline", "InputObject: InputObject*, Lsn, State, Timeout|Name: Lsn, Name*, State, Timeout")]
    [InlineData("Initialize-EtlPipeline", "InputObject: AsScript, InputObject*, Role, Source|Name: AsScript, Name*, Role, Source")]
    [InlineData("Watch-EtlChange",
        "InputObject: InputObject*, Table, Timeout, UntilLsn|Name: Name*, Table, Timeout, UntilLsn"
        + "|Source: Publication, Source*, Table, Timeout, UntilLsn")]
    public async Task Each_cmdlet_has_the_parameters_of_its_page(string cmdlet, string sets)
    {
        await using var host = ModuleHost.Create();

        var command = Command(host, cmdlet);

        var actual = command.ParameterSets.OrderBy(set => set.Name, StringComparer.Ordinal).Select(Describe);
        Assert.Equal(sets, string.Join("|", actual));
    }

    [Theory]
    [InlineData("New-EtlSource", false, "None", "EtlSource")]
    [InlineData("New-EtlDestination", false, "None", "EtlDestination")]
    [InlineData("New-EtlPipeline", false, "None", "EtlPipeline")]
    [InlineData("Get-EtlPipeline", false, "None", "EtlPipeline")]
    [InlineData("Test-EtlTypeFidelity", false, "None", "EtlColumnFidelity")]
    [InlineData("Get-EtlLoss", false, "None", "EtlLoss")]
    [InlineData("Remove-EtlPipeline", true, "High", "EtlPlan")]
    [InlineData("Start-EtlBackfill", true, "Medium", "EtlTableCopyResult")]
    [InlineData("Start-EtlStream", true, "Medium", "EtlStreamResult")]
    [InlineData("Stop-EtlPipeline", true, "Medium", "Void")]
    [InlineData("Get-EtlSlotLag", false, "None", "EtlSlotLag")]
    [InlineData("Get-EtlSlot", false, "None", "EtlSlot")]
    [InlineData("Remove-EtlSlot", true, "High", "Void")]
    [InlineData("Get-EtlTable", false, "None", "EtlTable")]
    [InlineData("Reset-EtlTable", true, "Medium", "EtlTableCopyResult")]
    [InlineData("Invoke-EtlQuery", false, "None", "PSObject")]
    [InlineData("Export-EtlPipeline", true, "Medium", "FileInfo")]
    [InlineData("Import-EtlPipeline", false, "None", "EtlPipeline")]
    [InlineData("Wait-EtlPipeline", false, "None", "EtlPipeline")]
    [InlineData("Initialize-EtlPipeline", true, "Medium", "EtlPlan")]
    [InlineData("Watch-EtlChange", true, "Medium", "EtlChange")]
    public async Task Each_cmdlet_asks_where_it_changes_something_and_names_what_it_returns(
        string cmdlet, bool asks, string impact, string output)
    {
        await using var host = ModuleHost.Create();

        var command = Command(host, cmdlet);

        var attribute = command.ImplementingType.GetCustomAttributes(false).OfType<CmdletAttribute>().Single();
        Assert.Equal(asks, attribute.SupportsShouldProcess);
        Assert.Equal(asks, command.Parameters.ContainsKey("WhatIf"));
        Assert.Equal(impact, attribute.ConfirmImpact.ToString());
        Assert.Contains(command.OutputType, type => type.Name.EndsWith(output, StringComparison.Ordinal));
        Assert.True(command.ImplementingType.IsSealed);
    }

    private static string Describe(CommandParameterSetInfo set)
    {
        var own = set.Parameters.Where(p => !Common.Contains(p.Name)).OrderBy(p => p.Name, StringComparer.Ordinal);
        return $"{(set.Name == "__AllParameterSets" ? "*" : set.Name)}: "
            + string.Join(", ", own.Select(p => p.Name + (p.IsMandatory ? "*" : "")));
    }

    private static CmdletInfo Command(ModuleHost host, string name) =>
        host.Run($"Get-Command {name}").WithoutErrors().OutputOf<CmdletInfo>().Single();
}
