using EtlPs.Testing.Processes;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Shell;

public sealed class QuickstartTests
{
    [Fact]
    public async Task The_quickstart_ends_with_equal_tables_and_leaves_nothing_behind()
    {
        string shell = AppContext.BaseDirectory.Replace("EtlPs.Tests", "EtlPs.Shell", StringComparison.Ordinal);

        ProcessOutcome outcome = await ChildProcess.RunAsync(
            "dotnet",
            [
                Path.Combine(shell, "EtlPs.Shell.dll"),
                RepositoryRoot.File("docs", "quickstart.ps1"), "-Orders", "3001",
            ],
            TestContext.Current.CancellationToken);

        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.ErrorOutput);
        Assert.Contains("All tables are equal.", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Not cleaned up", outcome.Output, StringComparison.Ordinal);
    }
}
