using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>The removal of what one pipeline made in Postgres, and of its state.</summary>
internal sealed class RemovalRun(RegisteredPipeline target) : IPipelineRun
{
    public RegisteredPipeline Target => target;

    public Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken) =>
        target.Pipeline.PlanRemovalAsync(cancellationToken);

    public async Task<RunOutcome> ExecuteAsync(IPipelineObserver observer, CancellationToken cancellationToken)
    {
        await target.Pipeline.RemoveAsync(observer, cancellationToken).ConfigureAwait(false);
        return new RunOutcome([], []);
    }
}
