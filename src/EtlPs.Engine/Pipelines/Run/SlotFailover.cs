using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Lets the slot of a pipeline that goes on outlive a failover, where it is defined so by now.</summary>
internal static class SlotFailover
{
    public static async Task EnableAsync(PipelineRun run, Survey survey, CancellationToken cancellationToken)
    {
        if (!survey.EnablesFailover) return;
        await FailoverSlot.EnableAsync(run.Source, run.Definition.EffectiveSlotName, cancellationToken)
            .ConfigureAwait(false);
        run.Tell($"Standbys may keep a copy of replication slot {run.Definition.EffectiveSlotName}.");
    }
}
