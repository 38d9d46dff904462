using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>A new copy of some tables of one pipeline.</summary>
internal sealed class ResetRun(RegisteredPipeline target, IReadOnlyList<string> tables) : IPipelineRun
{
    public RegisteredPipeline Target => target;

    public Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken) =>
        target.Pipeline.PlanResetAsync(tables, cancellationToken);

    public async Task<RunOutcome> ExecuteAsync(IPipelineObserver observer, CancellationToken cancellationToken)
    {
        var reset = await target.Pipeline.ResetAsync(tables, observer, cancellationToken).ConfigureAwait(false);
        return new RunOutcome(
            [.. reset.Select(table => new EtlTableCopyResult(target.Name, table))],
            [.. reset.Where(table => table.Error is not null).Select(table => (table.Source, table.Error!))]);
    }
}
