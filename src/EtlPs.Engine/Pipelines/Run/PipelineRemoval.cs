using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Takes back what the pipeline made at the source, and forgets its state; the copied tables stay.</summary>
internal static class PipelineRemoval
{
    /// <summary>What there is to say where the destination does not know the pipeline.</summary>
    public static string NothingKnown(PipelineDefinition definition) =>
        $"{definition.Destination} knows nothing of pipeline {definition.Name}; nothing is dropped at the source.";

    /// <summary>What a removal would drop.</summary>
    public static async Task<PipelinePlan> PlanAsync(
        PipelineDefinition definition, NpgsqlConnection source, PipelineRecord? known,
        CancellationToken cancellationToken)
    {
        var effects = new List<PlannedEffect>();
        var warnings = new List<string>();
        if (known is { Stage: not PipelineStage.SnapshotOnly })
        {
            await CheckSourceAsync(definition, source, known, cancellationToken).ConfigureAwait(false);
            if (await new SlotCatalog(source).FindAsync(known.SlotName, cancellationToken)
                .ConfigureAwait(false) is not null)
                effects.Add(new PlannedEffect(
                    $"replication slot {known.SlotName} on {definition.Source}", "Drop replication slot",
                    SlotCatalog.DropStatement(known.SlotName)));
            if (known.OwnsPublication
                && await new PublicationCatalog(source).FindAsync(known.Publication, cancellationToken)
                    .ConfigureAwait(false) is not null)
                effects.Add(new PlannedEffect(
                    $"publication {known.Publication} in {definition.Source}", "Drop publication",
                    PublicationCatalog.DropStatement(known.Publication)));
        }
        if (known is not null)
            effects.Add(new PlannedEffect(
                $"{definition.Destination}", $"Forget the state of pipeline {definition.Name}"));
        else
            warnings.Add(NothingKnown(definition));
        return new PipelinePlan(
            definition.Name, "Remove", $"{definition.Source}", $"{definition.Destination}", effects, [], warnings);
    }

    public static async Task RunAsync(PipelineRun run, NpgsqlConnection source, CancellationToken cancellationToken)
    {
        if (run.State.FindPipeline() is not { } known)
        {
            run.Tell(NothingKnown(run.Definition), MilestoneLevel.Warning);
            return;
        }
        if (known.Stage != PipelineStage.SnapshotOnly)
        {
            await CheckSourceAsync(run.Definition, source, known, cancellationToken).ConfigureAwait(false);
            var slots = new SlotCatalog(source);
            if (await slots.FindAsync(known.SlotName, cancellationToken).ConfigureAwait(false) is not null)
            {
                await slots.DropAsync(known.SlotName, cancellationToken).ConfigureAwait(false);
                run.Tell($"Replication slot {known.SlotName} dropped.");
            }
            var publications = new PublicationCatalog(source);
            if (known.OwnsPublication
                && await publications.FindAsync(known.Publication, cancellationToken).ConfigureAwait(false) is not null)
            {
                await publications.DropAsync(known.Publication, cancellationToken).ConfigureAwait(false);
                run.Tell($"Publication {known.Publication} dropped.");
            }
        }
        run.InTransaction(() =>
        {
            foreach (var table in run.State.ReadTables()) TableDdl.DropHidden(run.Connection, table);
            run.State.DeletePipeline();
        });
    }

    /// <summary>Another server's slot of that name is not ours to drop.</summary>
    private static async Task CheckSourceAsync(
        PipelineDefinition definition, NpgsqlConnection source, PipelineRecord known,
        CancellationToken cancellationToken)
    {
        var identity = await ServerIdentity.ReadAsync(source, cancellationToken).ConfigureAwait(false);
        new PipelineRules(definition, identity, known, null, null).CheckSource();
    }
}
