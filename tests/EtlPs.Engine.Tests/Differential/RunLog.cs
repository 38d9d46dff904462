using System.Collections.Concurrent;
using System.Diagnostics;
using EtlPs.Testing.Repository;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>What happened when, in a run that is drawn from a seed: kept where the run fails.</summary>
internal sealed class RunLog
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly long _begun = Stopwatch.GetTimestamp();

    public void Write(string line) =>
        _lines.Enqueue($"{Stopwatch.GetElapsedTime(_begun).TotalSeconds,8:0.000} {line}");

    /// <summary>
    /// Writes it all into a folder named after the seed, with the copy as it was. Returns the folder.
    /// </summary>
    public string Keep(RandomLoad load, string duckDbFile)
    {
        var folder = RepositoryRoot.File("artifacts", "differential", $"seed-{load.Seed}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "load.sql"), load.ToSql());
        File.WriteAllLines(Path.Combine(folder, "run.log"), _lines);
        foreach (var file in new[] { duckDbFile, duckDbFile + ".wal" })
            if (File.Exists(file)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        return folder;
    }
}
