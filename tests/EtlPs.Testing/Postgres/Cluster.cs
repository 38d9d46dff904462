using System.Collections.Concurrent;
using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Postgres;

/// <summary>Makes data directories: initdb once for each installation and encoding, then copies.</summary>
internal static class Cluster
{
    public const string SuperUser = "postgres";

    private static readonly ConcurrentDictionary<(string Bin, string Encoding), Lazy<Task<string>>> s_templates = new();

    public static async Task<string> CreateAsync(
        PostgresBinaries binaries, string encoding, CancellationToken cancellationToken)
    {
        string template = await s_templates.GetOrAdd(
            (binaries.BinDirectory, encoding), key => new(() => InitializeAsync(binaries, key.Encoding))).Value;
        string path = (await ServerFolder.Current).NextCluster();
        if (OperatingSystem.IsWindows())
            CopyFolder(template, path);
        else
            await ChildProcess.RunCheckedAsync("cp", ["-a", template, path], cancellationToken);
        return path;
    }

    private static async Task<string> InitializeAsync(PostgresBinaries binaries, string encoding)
    {
        string path = (await ServerFolder.Current).NextCluster() + "-template";
        // C.UTF-8 is not everywhere, and it goes with UTF8 alone.
        string locale = encoding == "UTF8" && OperatingSystem.IsLinux() ? "C.UTF-8" : "C";
        ProcessOutcome outcome = await ServerAccount.Current.RunAsync(
            binaries.Program("initdb"),
            ["-D", path, "-U", SuperUser, "-A", "trust", "-E", encoding, $"--locale={locale}", "--no-sync"],
            CancellationToken.None);
        return outcome.ExitCode == 0
            ? path
            : throw new InvalidOperationException($"initdb failed: {outcome.ErrorOutput}{outcome.Output}");
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
