using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>A backfill of one pipeline.</summary>
internal sealed class BackfillRun(RegisteredPipeline target, BackfillOptions options) : IPipelineRun
{
    public RegisteredPipeline Target => target;

    public Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken) =>
        target.Pipeline.PlanBackfillAsync(options, cancellationToken);

    public async Task<RunOutcome> ExecuteAsync(IPipelineObserver observer, CancellationToken cancellationToken)
    {
        var tables = await target.Pipeline.BackfillAsync(options, observer, cancellationToken).ConfigureAwait(false);
        return new RunOutcome(
            [.. tables.Select(table => new EtlTableCopyResult(target.Name, table))],
            [.. tables.Where(table => table.Error is not null).Select(table => (table.Source, table.Error!))]);
    }
}
