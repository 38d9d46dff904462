using System.Diagnostics;
using System.Globalization;

namespace EtlPs.Benchmarks.Measuring;

/// <summary>
/// Where the processors' time goes while something runs, on the whole machine, as Linux's perf samples it.
/// </summary>
/// <param name="Shares">Samples, by thread name and by the file whose code ran.</param>
internal sealed record Profile(IReadOnlyList<(string Thread, string Code, double Share)> Shares)
{
    public static async Task<Profile> OfAsync(string folder, Func<Task> work)
    {
        string samples = Path.Combine(folder, "perf.data");
        using Process recording =
            Process.Start("perf", ["record", "--quiet", "-a", "-F", "499", "-o", samples, "sleep", "3600"]);
        await work();
        Signal(recording);
        await recording.WaitForExitAsync();
        var report = new ProcessStartInfo(
            "perf", ["report", "--stdio", "-i", samples, "--sort", "comm,dso", "-t", "\t"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process reporting = Process.Start(report)!;
        Task<string> errors = reporting.StandardError.ReadToEndAsync();
        string text = await reporting.StandardOutput.ReadToEndAsync();
        await errors;
        File.Delete(samples);
        return new Profile([.. text.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(Read)]);
    }

    private static (string Thread, string Code, double Share) Read(string line)
    {
        string[] fields = line.Split('\t');
        return (fields[1].Trim(), fields[2]
            .Trim(), double.Parse(fields[0].Trim().TrimEnd('%'), CultureInfo.InvariantCulture) / 100);
    }

    /// <summary>perf ends its file when it is interrupted; killed, it leaves none that can be read.</summary>
    private static void Signal(Process recording)
    {
        using Process kill = Process.Start("kill", ["-INT", recording.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
