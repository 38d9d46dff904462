using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Begins a pipeline from nothing: intent before effect. The destination says Creating before anything is made at the
/// source, so that a start that was cut off can be told from somebody else's slot.
/// </summary>
internal sealed class PipelineStart(PipelineRun run, NpgsqlConnection source)
{
    /// <summary>Makes publication and slot, and stores the tables with the position that the slot begins at.</summary>
    /// <returns>The slot's snapshot, which the caller copies under and disposes.</returns>
    public async Task<SnapshotSlot> WithSlotAsync(Survey survey, CancellationToken cancellationToken)
    {
        StoreIntent(survey, PipelineStage.Creating);
        await DropLeftoversAsync(survey, cancellationToken).ConfigureAwait(false);
        if (run.Definition.Publication is null)
        {
            var carried = survey.Tables.Where(t => t.Problem is null).Select(t => t.Record.Source).ToList();
            await new PublicationCatalog(source)
                .CreateAsync(run.Definition.EffectivePublication, carried, cancellationToken).ConfigureAwait(false);
            run.Tell($"Publication {run.Definition.EffectivePublication} created for {carried.Count} tables.");
        }
        var slot = await SnapshotSlot.CreateAsync(
            run.Source, run.Definition.EffectiveSlotName, temporary: false, ReachedSlotCreated, cancellationToken).ConfigureAwait(false);
        run.Tell($"Replication slot {run.Definition.EffectiveSlotName} created at {slot.ConsistentPoint}.");
        StoreTables(survey, PipelineStage.Active, slot.ConsistentPoint);
        return slot;
    }

    /// <summary>A one-off copy: nothing is made at the source.</summary>
    public async Task<SnapshotSlot> WithoutSlotAsync(Survey survey, CancellationToken cancellationToken)
    {
        StoreIntent(survey, PipelineStage.SnapshotOnly);
        await DropLeftoversAsync(survey, cancellationToken).ConfigureAwait(false);
        var snapshot = await SnapshotSlot.WithoutSlotAsync(run.Source, cancellationToken).ConfigureAwait(false);
        StoreTables(survey, PipelineStage.SnapshotOnly, Lsn.Zero);
        return snapshot;
    }

    private void StoreIntent(Survey survey, PipelineStage stage)
    {
        run.InTransaction(() =>
        {
            run.State.EnsureSchema();
            foreach (var table in survey.EarlierTables)
            {
                TableDdl.DropHidden(run.Connection, table);
                if (table.IsVisible || (table.State == TableState.SetAside && table.CopiedAt.IsKnown)) TableDdl.DropVisible(run.Connection, table);
            }
            run.State.DeletePipeline();
            run.State.InsertPipeline(new PipelineRecord(
                run.Definition.Name,
                stage,
                survey.Identity.SystemIdentifier,
                survey.Identity.Timeline,
                survey.Identity.Database,
                run.Definition.EffectiveSlotName,
                run.Definition.EffectivePublication,
                OwnsPublication: run.Definition.Publication is null,
                Lsn.Zero,
                CommitTime: null));
        });
    }

    /// <summary>What an earlier start of this pipeline left at the source; the survey has seen that it is ours.</summary>
    private async Task DropLeftoversAsync(Survey survey, CancellationToken cancellationToken)
    {
        if (!survey.OwnsLeftovers) return;
        if (survey.Slot is not null)
        {
            await new SlotCatalog(source).DropAsync(survey.Slot.Name, cancellationToken).ConfigureAwait(false);
            run.Tell($"Replication slot {survey.Slot.Name} dropped.");
        }
        if (survey.Publication is not null && run.Definition.Publication is null)
        {
            await new PublicationCatalog(source).DropAsync(survey.Publication.Name, cancellationToken).ConfigureAwait(false);
            run.Tell($"Publication {survey.Publication.Name} dropped.");
        }
    }

    private Task ReachedSlotCreated(CancellationToken cancellationToken)
    {
        run.Faults.Reached(FaultPoint.SlotCreated);
        return Task.CompletedTask;
    }

    private void StoreTables(Survey survey, PipelineStage stage, Lsn position) => run.InTransaction(() =>
    {
        run.State.SetStage(stage);
        run.State.SavePosition(position, null);
        foreach (var table in survey.Tables)
            run.State.UpsertTable(table.Problem is { } problem
                ? table.Record with { State = TableState.SetAside, ErrorCode = problem.Code.ToString(), ErrorMessage = problem.Message }
                : table.Record);
    });
}
