using System.Globalization;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Testing.Processes;
using EtlPs.Testing.Repository;

namespace EtlPs.Benchmarks.Suites;

/// <summary>How long a new session waits for <c>Import-Module EtlPs</c>.</summary>
internal static class ImportSuite
{
    private const int Times = 7;
    private const double MostMilliseconds = 300;

    public static async IAsyncEnumerable<IFigure> RunAsync()
    {
        string shell = AppContext.BaseDirectory.Replace("EtlPs.Benchmarks", "EtlPs.Shell", StringComparison.Ordinal);
        string script =
            $"""
            $clock = [Diagnostics.Stopwatch]::StartNew()
            Import-Module '{RepositoryRoot.ModuleManifest}'
            $clock.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
            """;
        var times = new List<double>();
        for (int i = 0; i < Times; i++)
        {
            string said = await ChildProcess.RunCheckedAsync(
                "dotnet", [Path.Combine(shell, "EtlPs.Shell.dll"), "-Command", script]);
            times.Add(double.Parse(said, CultureInfo.InvariantCulture));
        }
        yield return new Bound("Import-Module in a new session", times.Order()
            .ElementAt(Times / 2), MostMilliseconds, "ms");
    }
}
