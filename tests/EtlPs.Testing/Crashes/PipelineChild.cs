using System.Diagnostics;
using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;

namespace EtlPs.Testing.Crashes;

/// <summary>
/// The child's side of <see cref="PipelineProcess"/>: runs one pipeline, and dies where it was told to.
/// </summary>
internal sealed class PipelineChild(Timer? death, int events, TimeSpan lifetime, int workers) : IPipelineObserver
{
    private readonly TaskCompletionSource _streaming = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _events;

    private int Workers => workers;

    /// <param name="arguments">
    /// Connection string, file, name, operation, step or nothing, occurrence, milliseconds until death or nothing,
    /// workers of a backfill, bytes of its ranges or nothing, what becomes of values that DuckDB cannot hold or
    /// nothing, the memory limit in bytes or nothing.
    /// </param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        long idle = Environment.WorkingSet;
        if (arguments is not [var source, var file, var name, var operation, var step, var occurrence, var lifetime,
            var workers,
            var rangeBytes, var unrepresentable, var memoryLimit])
        {
            await Console.Error.WriteLineAsync("This program is started by tests.");
            return 64;
        }

        var definition = new PipelineDefinition
        {
            Name = name, Source = SourceSettings.Parse(source), Destination = new DuckDbSettings(file)
            {
                MemoryLimit = memoryLimit.Length == 0 ? null : long.Parse(memoryLimit, null),
            },
            RangeBytes = rangeBytes.Length == 0 ? null : long.Parse(rangeBytes, null),
            OnUnrepresentable = unrepresentable.Length == 0
                ? new Dictionary<string, OnUnrepresentable>()
                : new Dictionary<string, OnUnrepresentable> { ["*"] = Enum.Parse<OnUnrepresentable>(unrepresentable) },
        };
        var pipeline = new Pipeline(
            definition, new SelfKill(
                step.Length == 0 ? null : Enum.Parse<FaultPoint>(step), int.Parse(occurrence, null)));
        await using var death = lifetime.Length == 0 ? null : new Timer(_ => SelfKill.Now());
        var observer = new PipelineChild(
            death, int.Parse(occurrence, null),
            TimeSpan.FromMilliseconds(lifetime.Length == 0 ? 0 : int.Parse(lifetime, null)),
            int.Parse(workers, null));
        try
        {
            await RunAsync(pipeline, Enum.Parse<PipelineOperation>(operation), observer);
            using var self = Process.GetCurrentProcess();
            Console.WriteLine(PipelineProcess.PeakMemory
                + (self.PeakWorkingSet64 - idle).ToString(CultureInfo.InvariantCulture));
            return 0;
        }
        catch (EtlException e)
        {
            await Console.Error.WriteLineAsync($"{e.Code}: {e.Message}");
            return 1;
        }
    }

    private static async Task RunAsync(Pipeline pipeline, PipelineOperation operation, PipelineChild observer)
    {
        if (operation == PipelineOperation.Backfill)
            await pipeline.BackfillAsync(
                new BackfillOptions { Workers = observer.Workers }, observer, CancellationToken.None);
        else if (operation == PipelineOperation.FollowAndReset)
            await FollowAndResetAsync(pipeline, observer);
        else
            await pipeline.StreamAsync(
                new StreamOptions { UntilCaughtUp = operation == PipelineOperation.CatchUp }, observer,
                CancellationToken.None);
    }

    private static async Task FollowAndResetAsync(Pipeline pipeline, PipelineChild observer)
    {
        using var stop = new CancellationTokenSource();
        var stream = pipeline.StreamAsync(new StreamOptions(), observer, stop.Token);
        await Task.WhenAny(stream, observer._streaming.Task);
        await pipeline.ResetAsync(["*"], observer, CancellationToken.None);
        await stop.CancelAsync();
        await stream;
    }

    void IPipelineObserver.Post(PipelineEvent pipelineEvent)
    {
        if (pipelineEvent is Milestone m && m.Message.StartsWith("Streaming from", StringComparison.Ordinal))
            _streaming.TrySetResult();
        // Counted in events first: how long a process takes to get somewhere says more of the machine than of the
        // pipeline.
        if (Interlocked.Increment(ref _events) == events) death?.Change(lifetime, Timeout.InfiniteTimeSpan);
        if (pipelineEvent is not (StreamProgress or TableCopyProgress)) Console.WriteLine(pipelineEvent);
    }
}
