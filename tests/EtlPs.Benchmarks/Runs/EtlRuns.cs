using System.Diagnostics;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Runs;

/// <summary>Runs the engine as the cmdlets do, each time into a new file.</summary>
internal sealed class EtlRuns(TestDatabase database, string folder, long? memoryLimit = null) : IPipelineObserver
{
    /// <summary>
    /// The greatest resident size of the process in any run; what baselines take in between is none of ours.
    /// </summary>
    public long PeakBytes { get; private set; }

    /// <summary>Copies tables without slot and publication.</summary>
    public async Task<TimeSpan> BackfillAsync(IReadOnlyList<string> tables, int workers)
    {
        string file = NewFile();
        BeginPeak();
        try
        {
            long began = Stopwatch.GetTimestamp();
            IReadOnlyList<TableCopyResult> results = await Pipeline("copy", tables, file).BackfillAsync(
                new BackfillOptions { SnapshotOnly = true, Workers = workers }, this, CancellationToken.None);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
            return results.All(r => r.State == TableState.Ready)
                ? elapsed
                : throw new InvalidOperationException(results.First(r => r.Error is not null).Error!.Message);
        }
        finally
        {
            EndPeak();
            File.Delete(file);
        }
    }

    /// <summary>Copies a table and makes the slot that a later <see cref="StreamAsync"/> drains.</summary>
    public async Task<Pipeline> PrepareStreamAsync(IReadOnlyList<string> tables)
    {
        Pipeline pipeline = Pipeline("follow", tables, NewFile());
        await pipeline.BackfillAsync(new BackfillOptions(), this, CancellationToken.None);
        return pipeline;
    }

    /// <summary>Brings the destination up to what is written now.</summary>
    public async Task<TimeSpan> StreamAsync(Pipeline pipeline, long changes)
    {
        BeginPeak();
        long began = Stopwatch.GetTimestamp();
        StreamResult result = await pipeline.StreamAsync(
            new StreamOptions { UntilCaughtUp = true }, this, CancellationToken.None);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        EndPeak();
        return result.Changes == changes
            ? elapsed
            : throw new InvalidOperationException($"{result.Changes} changes came in place of {changes}.");
    }

    /// <summary>Follows the source until it is told to stop.</summary>
    public Task<StreamResult> FollowAsync(Pipeline pipeline, CancellationToken stop) =>
        pipeline.StreamAsync(new StreamOptions(), this, stop);

    /// <summary>Drops what the pipeline made, so that its slot keeps no WAL while others are measured.</summary>
    public Task RemoveAsync(Pipeline pipeline) => pipeline.RemoveAsync(this, CancellationToken.None);

    void IPipelineObserver.Post(PipelineEvent pipelineEvent)
    {
    }

    private static void BeginPeak()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        PeakMemory.ResetOwn();
    }

    private void EndPeak() => PeakBytes = Math.Max(PeakBytes, PeakMemory.ReadOwn());

    private string NewFile() => Path.Combine(folder, $"{Guid.NewGuid():N}.duckdb");

    private Pipeline Pipeline(string name, IReadOnlyList<string> tables, string file) => new(new PipelineDefinition
    {
        Name = name,
        Source = SourceSettings.Parse(database.ConnectionString),
        Destination = new DuckDbSettings(file) { MemoryLimit = memoryLimit },
        Tables = tables,
    });
}
