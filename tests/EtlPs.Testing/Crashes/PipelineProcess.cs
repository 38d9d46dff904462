using System.Globalization;
using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Crashes;

/// <summary>Runs a pipeline in a process of its own, to be killed.</summary>
public sealed record PipelineProcess(string Source, string File, string Name)
{
    // A write beyond the limit fails instead of killing the process; .NET itself would map a huge file for its code.
    private const string Limited =
        "trap '' XFSZ; ulimit -f \"$0\"; export DOTNET_EnableWriteXorExecute=0; exec dotnet \"$@\"";

    internal const string PeakMemory = "Peak memory above idle, in bytes: ";

    /// <summary>How large a file it may write, in bytes; 0: as large as it likes.</summary>
    public int LargestFile { get; init; }

    /// <summary>How many ranges a backfill copies at the same time.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How large they are, in bytes; 0: as the tables' sizes suggest.</summary>
    public int RangeBytes { get; init; }

    /// <summary>What becomes of values that DuckDB cannot hold; null: they are errors.</summary>
    public string? OnUnrepresentable { get; init; }

    /// <summary>What DuckDB may use, in bytes; 0: its own default.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>
    /// Runs to the end, or until the step is reached for the n-th time or the time is over: then it is killed.
    /// </summary>
    /// <param name="operation">What it does.</param>
    /// <param name="step">The name of the step that kills it; null: none.</param>
    /// <param name="occurrence">The how many-th time at that step; without a step, the how many-th event.</param>
    /// <param name="lifetime">How long it lives from that event on; null: as long as it likes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ProcessOutcome> RunAsync(
        PipelineOperation operation, string? step = null, int occurrence = 1, TimeSpan? lifetime = null,
        CancellationToken cancellationToken = default)
    {
        string[] run =
        [
            "exec", typeof(PipelineProcess).Assembly.Location, Source, File, Name, operation.ToString(), step ?? "",
            occurrence.ToString(null, null), lifetime is { } time ? ((int)time.TotalMilliseconds).ToString(null, null)
            : "",
            Workers.ToString(null, null), RangeBytes == 0 ? "" : RangeBytes.ToString(null, null),
            OnUnrepresentable ?? "", MemoryLimit == 0 ? "" : MemoryLimit.ToString(null, null),
        ];
        return LargestFile == 0
            ? ChildProcess.RunAsync("dotnet", run, cancellationToken)
            : ChildProcess.RunAsync(
                "/bin/sh", ["-c", Limited, (LargestFile / 512).ToString(null, null), .. run], cancellationToken);
    }

    /// <summary>
    /// The greatest resident size of a process that ran to its end, above what it had when it began, in bytes. Not
    /// known on macOS.
    /// </summary>
    public static long PeakMemoryOf(ProcessOutcome outcome)
    {
        string line = outcome.Output.Split('\n').Single(l => l.StartsWith(PeakMemory, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(PeakMemory.Length), CultureInfo.InvariantCulture);
    }

    /// <summary>Whether a process was killed rather than ended by itself.</summary>
    public static bool WasKilled(ProcessOutcome outcome) => outcome.ExitCode is 137 or -1;
}
