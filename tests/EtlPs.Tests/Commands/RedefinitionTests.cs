using System.Management.Automation;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Commands;

/// <summary>What Get-EtlPipeline gives, New-EtlPipeline takes: the same pipeline, or another one like it.</summary>
public sealed class RedefinitionTests
{
    private const string Shop = "$null = New-EtlPipeline shop 'Host=db1;Database=shop' ./shop.duckdb ";

    [Theory]
    [InlineData("")]
    [InlineData("-Table orders, 'sales.*' -ExcludeTable sales.log -DestinationSchema main -SlotName mine -FailoverSlot -Publication dba")]
    [InlineData("-UnboundedNumeric Double -OnUnrepresentable @{ 'a.b' = 'Null' } -TableMap @{ a = 'b' } -ColumnMap @{ 'a.b' = 'c' }")]
    public async Task A_pipeline_that_is_defined_again_from_itself_is_the_same(string parameters)
    {
        await using var host = ModuleHost.Create();

        var output = host.Run(
            Shop + parameters + """

            $all = { $p = $args[0]; foreach ($property in $p.psobject.Properties) {
                $value = $property.Value
                if ($value -is [Collections.IDictionary]) { $value = foreach ($key in $value.Keys) { "$key=$($value[$key])" } }
                "$($property.Name): $($value -join ',')" } }
            (& $all (Get-EtlPipeline shop)) -join '|'
            (& $all (Get-EtlPipeline | New-EtlPipeline)) -join '|'
            Export-EtlPipeline shop $file -Force | Out-Null
            (Get-EtlPipeline).Count
            """,
            ("file", Path.Combine(Path.GetTempPath(), $"again-{Guid.NewGuid():N}.json"))).WithoutErrors().Output;

        Assert.Equal(output[0].BaseObject, output[1].BaseObject);
        Assert.Contains("Destination: ", (string)output[0].BaseObject, StringComparison.Ordinal);
        Assert.Equal(1, output[2].BaseObject);
    }

    [Fact]
    public async Task Another_name_means_another_slot_and_publication_unless_a_dba_made_that()
    {
        await using var host = ModuleHost.Create();

        var output = host.Run(
            Shop + "-Table orders -SlotName mine; $null = New-EtlPipeline theirs 'Host=db1' ./theirs.duckdb -Publication dba"
            + """

            Get-EtlPipeline shop | New-EtlPipeline -Name copy -Destination ./copy.duckdb
            Get-EtlPipeline theirs | New-EtlPipeline -Name other -Table x
            """).WithoutErrors().Output.Select(p => PSObject.AsPSObject(p)).ToList();

        Assert.Equal("copy etlps_copy etlps_copy orders", Summary(output[0]));
        Assert.Equal("other etlps_other dba x", Summary(output[1]));
        Assert.EndsWith("copy.duckdb", output[0].Properties["Destination"].Value.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-EtlPipeline | New-EtlPipeline -Name one", "one")]
    [InlineData("Get-EtlPipeline shop | New-EtlPipeline -Table @()", "shop")]
    [InlineData("New-EtlPipeline x 'Host=db1' ':memory:' -Table @()", "x")]
    [InlineData("New-EtlPipeline x 'Host=db1' ':memory:' -Table ''", "x")]
    [InlineData("New-EtlPipeline x 'Host=db1' ':memory:' -DestinationSchema ''", "x")]
    [InlineData("[pscustomobject]@{ Name = 'x'; Source = 'Host=db1'; Destination = ':memory:'; Table = '' } | New-EtlPipeline", "x")]
    public async Task One_name_for_two_and_names_that_are_empty_are_refused(string script, string target)
    {
        await using var host = ModuleHost.Create();

        var result = host.Run($"{Shop}; $null = New-EtlPipeline stock 'Host=db1' ':memory:'; {script}");

        var error = Assert.Single(result.Errors);
        Assert.Equal("EtlPs.InvalidArgument", error.Id());
        Assert.Equal(target, error.TargetObject);
    }

    private static string Summary(PSObject pipeline) => string.Join(
        ' ',
        new[] { "Name", "SlotName", "Publication" }.Select(name => pipeline.Properties[name].Value)
            .Append(string.Join(',', (string[])pipeline.Properties["Table"].Value)));
}
