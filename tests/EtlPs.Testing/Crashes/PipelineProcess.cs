using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Crashes;

/// <summary>Runs a pipeline in a process of its own, to be killed.</summary>
public sealed record PipelineProcess(string Source, string File, string Name)
{
    /// <summary>Runs to the end, or until the step is reached for the n-th time or the time is over: then it is killed.</summary>
    /// <param name="operation">What it does.</param>
    /// <param name="step">The name of the step that kills it; null: none.</param>
    /// <param name="occurrence">The how many-th time at that step; without a step, the how many-th event.</param>
    /// <param name="lifetime">How long it lives from that event on; null: as long as it likes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ProcessOutcome> RunAsync(
        PipelineOperation operation, string? step = null, int occurrence = 1, TimeSpan? lifetime = null,
        CancellationToken cancellationToken = default) => ChildProcess.RunAsync(
        "dotnet",
        [
            "exec", typeof(PipelineProcess).Assembly.Location, Source, File, Name, operation.ToString(), step ?? "",
            occurrence.ToString(null, null), lifetime is { } time ? ((int)time.TotalMilliseconds).ToString(null, null) : "",
        ],
        cancellationToken);

    /// <summary>Whether a process was killed rather than ended by itself.</summary>
    public static bool WasKilled(ProcessOutcome outcome) => outcome.ExitCode is 137 or -1;
}
