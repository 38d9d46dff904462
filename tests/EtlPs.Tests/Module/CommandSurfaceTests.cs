using System.Management.Automation;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Module;

public sealed class CommandSurfaceTests
{
    private static readonly string Agreed = RepositoryRoot.File("tests", "EtlPs.Tests", "Module", "surface.txt");

    [Fact]
    public async Task Cmdlets_parameters_outputs_and_error_ids_are_those_that_were_agreed_on()
    {
        await using var host = ModuleHost.Create();

        var found = new CommandSurface(host).Write();

        var built = Path.Combine(AppContext.BaseDirectory, "surface.txt");
        await File.WriteAllTextAsync(built, found, TestContext.Current.CancellationToken);
        var agreed = await File.ReadAllTextAsync(Agreed, TestContext.Current.CancellationToken);
        Assert.True(
            found == agreed, $"The surface differs. If that is meant, review and commit it: cp {built} {Agreed}");
    }

    [Fact]
    public async Task Cmdlets_are_sealed_have_approved_verbs_and_return_what_they_say()
    {
        await using var host = ModuleHost.Create();
        var verbs = typeof(Cmdlet).Assembly.GetExportedTypes()
            .Where(t => t.Namespace == "System.Management.Automation"
                && t.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields()).Select(f => (string)f.GetRawConstantValue()!)
            .ToHashSet(StringComparer.Ordinal);

        foreach (var command in host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>())
        {
            Assert.Contains(command.Verb, verbs);
            Assert.StartsWith("Etl", command.Noun, StringComparison.Ordinal);
            Assert.True(command.ImplementingType.IsSealed);
            Assert.NotEmpty(command.OutputType);
            Assert.All(command.OutputType, type => Assert.NotNull(type.Type));
        }
    }
}
