using System.Management.Automation;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Module;

public sealed class PageTests
{
    [Fact]
    public async Task Every_cmdlet_has_a_page_with_its_syntax_its_parameters_and_three_examples()
    {
        await using var host = ModuleHost.Create();

        foreach (var command in host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>())
        {
            var page = await File.ReadAllLinesAsync(
                RepositoryRoot.File("docs", "en-US", command.Name + ".md"), TestContext.Current.CancellationToken);

            var documented = page
                .Where(line => line.StartsWith("### -", StringComparison.Ordinal)).Select(line => line[5..]);
            Assert.Equal(
                command.Parameters.Keys.Except(Cmdlet.CommonParameters).Order(StringComparer.Ordinal),
                documented.Order(StringComparer.Ordinal));
            Assert.True(page.Count(line => line.StartsWith("### Example ", StringComparison.Ordinal)) >= 3);
            Assert.Equal(
                command.ParameterSets.Count,
                page.TakeWhile(line => line != "## DESCRIPTION")
                    .Count(line => line.StartsWith(command.Name + " ", StringComparison.Ordinal)));
        }
    }
}
