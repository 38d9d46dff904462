using System.Diagnostics;
using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Postgres;

/// <summary>
/// This process's folder of throw-away clusters. A watchdog waits at the other end of a pipe, which the operating
/// system closes however this process ends: it stops what still runs and removes the folder.
/// </summary>
internal sealed class ServerFolder
{
    // Ctrl+C in a terminal reaches the whole process group, and must not take the watchdog away.
    private const string WatchdogScript = """
        exec >/dev/null 2>&1
        trap '' INT TERM HUP
        cat
        for f in "$1"/*/postmaster.pid; do kill -QUIT "$(head -n 1 "$f")"; done
        n=0
        while [ $n -lt 50 ] && ls "$1"/*/postmaster.pid; do sleep 0.1; n=$((n+1)); done
        rm -rf "$1"
        """;

    private static readonly Lazy<Task<ServerFolder>> s_current = new(CreateAsync);
    private readonly Process? _watchdog;
    private int _next;

    private ServerFolder(string path, Process? watchdog)
    {
        Path = path;
        _watchdog = watchdog;
    }

    public static Task<ServerFolder> Current => s_current.Value;

    public string Path { get; }

    /// <summary>A name for a cluster in the folder; nothing is there yet.</summary>
    public string NextCluster() => System.IO.Path.Combine(Path, $"c{Interlocked.Increment(ref _next)}");

    private static async Task<ServerFolder> CreateAsync()
    {
        string name = $"etlps-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
        string path = System.IO.Path.Combine(await ReachableTemporaryFolderAsync(), name);
        Directory.CreateDirectory(path);
        await ServerAccount.Current.GiveAsync(path, CancellationToken.None);
        if (OperatingSystem.IsWindows())
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => StopAll(path);
            return new ServerFolder(path, null);
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", WatchdogScript, "etlps-watchdog", path])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        return new ServerFolder(path, Process.Start(start));
    }

    private static async Task<string> ReachableTemporaryFolderAsync()
    {
        string temporary = System.IO.Path.GetTempPath();
        if (ServerAccount.Current.Name is null)
            return temporary;
        ProcessOutcome reachable = await ServerAccount.Current.RunAsync(
            "/usr/bin/test", ["-x", temporary], CancellationToken.None);
        return reachable.ExitCode == 0 ? temporary : "/tmp";
    }

    private static void StopAll(string path)
    {
        foreach (string file in Directory.EnumerateFiles(path, "postmaster.pid", SearchOption.AllDirectories))
        {
            using Process process = Process.GetProcessById(int.Parse(File.ReadLines(file).First(), null));
            process.Kill(entireProcessTree: true);
        }
    }
}
