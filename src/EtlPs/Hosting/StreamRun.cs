using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>A stream of one pipeline.</summary>
internal sealed class StreamRun(RegisteredPipeline target, StreamOptions options) : IPipelineRun
{
    public RegisteredPipeline Target => target;

    public Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken) =>
        target.Pipeline.PlanStreamAsync(options, cancellationToken);

    public async Task<RunOutcome> ExecuteAsync(IPipelineObserver observer, CancellationToken cancellationToken)
    {
        var result = await target.Pipeline.StreamAsync(options, observer, cancellationToken).ConfigureAwait(false);
        return new RunOutcome(
            [new EtlStreamResult(target.Name, result)],
            [.. result.SetAside.Where(table => table.Error is not null).Select(table => (table.Source, table.Error!))]);
    }
}
