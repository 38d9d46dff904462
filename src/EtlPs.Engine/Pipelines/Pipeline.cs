using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Engine.Pipelines;

/// <summary>
/// A pipeline that can be run: one run at a time. Every method throws <see cref="Errors.EtlException"/> for what the
/// user can mend, and <see cref="OperationCanceledException"/> when it was stopped; what is committed stays.
/// </summary>
public sealed class Pipeline(PipelineDefinition definition)
{
    /// <summary>What it is.</summary>
    public PipelineDefinition Definition { get; } = definition;

    /// <summary>Whether a run is under way in this object.</summary>
    public bool IsRunning => throw new NotImplementedException();

    /// <summary>What a backfill would do, by reads only.</summary>
    public Task<PipelinePlan> PlanBackfillAsync(BackfillOptions options, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Copies what is not copied yet. Returns one result for each table.</summary>
    public Task<IReadOnlyList<TableCopyResult>> BackfillAsync(
        BackfillOptions options, IPipelineObserver observer, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>What a stream would do, by reads only.</summary>
    public Task<PipelinePlan> PlanStreamAsync(StreamOptions options, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Follows the source until an option, or the token, ends it. A stop by the token returns a result too.</summary>
    public Task<StreamResult> StreamAsync(
        StreamOptions options, IPipelineObserver observer, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>What a removal would drop, by reads only.</summary>
    public Task<PipelinePlan> PlanRemovalAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Drops the slot and publication that the pipeline made, and its state; the copied tables stay.</summary>
    public Task RemoveAsync(IPipelineObserver observer, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>What the destination knows of the pipeline; null where it knows nothing yet or cannot be opened now.</summary>
    public Task<PipelineStatus?> ReadStatusAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Runs one reading statement on the destination, on the run's own instance while one is under way.</summary>
    public Task<QueryResult> QueryAsync(string sql, CancellationToken cancellationToken) => throw new NotImplementedException();
}
