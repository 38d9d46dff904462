using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>One operation on a pipeline: first planned by reads only, then done.</summary>
internal interface IPipelineRun
{
    RegisteredPipeline Target { get; }

    Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken);

    Task<RunOutcome> ExecuteAsync(IPipelineObserver observer, CancellationToken cancellationToken);
}
