using System.Diagnostics;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Baselines;

/// <summary>Runs one of Postgres's own clients with its output thrown away, and takes the time.</summary>
internal static class ClientProgram
{
    public static async Task<TimeSpan> RunAsync(PostgresServer server, string name, params string[] arguments)
    {
        // The shell's redirection, so that no pipe and no reader of ours is measured with it.
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null", Locate(server, name), .. arguments])
        {
            RedirectStandardError = true,
        };
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        return process.ExitCode == 0 ? elapsed : throw new InvalidOperationException($"{name}: {errors}");
    }

    /// <summary>npm's binaries lack the clients; those of another version on PATH do as well.</summary>
    private static string Locate(PostgresServer server, string name)
    {
        string beside = Path.Combine(server.BinDirectory ?? "", name);
        return File.Exists(beside) ? beside : name;
    }
}
