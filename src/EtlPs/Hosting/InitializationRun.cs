using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Initialization;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>The making of what a pipeline needs at its source.</summary>
internal sealed class InitializationRun(RegisteredPipeline target, EtlSource? source, string? role) : IPipelineRun
{
    private readonly PipelineInitialization _initialization = new(
        source is null ? target.Pipeline.Definition
        : target.Pipeline.Definition with { Source = source.Settings }, role);

    public RegisteredPipeline Target => target;

    public Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken) =>
        _initialization.PlanAsync(cancellationToken);

    public async Task<RunOutcome> ExecuteAsync(IPipelineObserver observer, CancellationToken cancellationToken)
    {
        await _initialization.RunAsync(observer, cancellationToken).ConfigureAwait(false);
        return new RunOutcome([], []);
    }
}
