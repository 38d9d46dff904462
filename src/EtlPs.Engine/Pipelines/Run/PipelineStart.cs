using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
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
        run.InTransaction(() => StorePipeline(survey, PipelineStage.Creating));
        await DropLeftoversAsync(survey, cancellationToken).ConfigureAwait(false);
        if (run.Definition.Publication is null)
        {
            var carried = survey.Tables.Where(t => t.Problem is null).Select(t => t.Record.Source).ToList();
            await CreatePublicationAsync(carried, cancellationToken).ConfigureAwait(false);
            run.Tell($"Publication {run.Definition.EffectivePublication} created for {carried.Count} tables.");
        }
        var slot = await CreateSlotAsync(cancellationToken).ConfigureAwait(false);
        run.Tell($"Replication slot {run.Definition.EffectiveSlotName} created at {slot.ConsistentPoint}.");
        run.InTransaction(() => StoreTables(survey, PipelineStage.Active, slot.ConsistentPoint));
        return slot;
    }

    /// <summary>A one-off copy: nothing is made at the source.</summary>
    public async Task<SnapshotSlot> WithoutSlotAsync(Survey survey, CancellationToken cancellationToken)
    {
        await DropLeftoversAsync(survey, cancellationToken).ConfigureAwait(false);
        var snapshot = await SnapshotSlot.WithoutSlotAsync(run.Source, cancellationToken).ConfigureAwait(false);
        // As one: a pipeline without tables would pass for one that is copied.
        run.InTransaction(() =>
        {
            StorePipeline(survey, PipelineStage.SnapshotOnly);
            StoreTables(survey, PipelineStage.SnapshotOnly, Lsn.Zero);
        });
        return snapshot;
    }

    private void StorePipeline(Survey survey, PipelineStage stage)
    {
        run.State.EnsureSchema();
        foreach (var table in survey.EarlierTables)
        {
            TableDdl.DropHidden(run.Connection, table);
            if (table.HasVisibleRows)
                TableDdl.DropVisible(run.Connection, table);
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
    }

    /// <summary>
    /// What an earlier start of this pipeline left at the source; the survey has seen that it is ours.
    /// </summary>
    private async Task DropLeftoversAsync(Survey survey, CancellationToken cancellationToken)
    {
        if (survey.SlotToDrop is { } slot)
        {
            await new SlotCatalog(source).DropAsync(slot.Name, cancellationToken).ConfigureAwait(false);
            run.Tell($"Replication slot {slot.Name} dropped.");
        }
        if (survey.PublicationToDrop is { } publication)
        {
            await new PublicationCatalog(source).DropAsync(publication.Name, cancellationToken).ConfigureAwait(false);
            run.Tell($"Publication {publication.Name} dropped.");
        }
    }

    private async Task CreatePublicationAsync(IReadOnlyList<TableName> tables, CancellationToken cancellationToken)
    {
        try
        {
            await new PublicationCatalog(source)
                .CreateAsync(run.Definition.EffectivePublication, tables, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateObject)
        {
            // A pipeline of the same name, on another file, was faster: what bears the name is not ours, now or later.
            run.InTransaction(run.State.DeletePipeline);
            throw;
        }
    }

    private async Task<SnapshotSlot> CreateSlotAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SlotCreation.CreateAsync(
                run, run.Definition.EffectiveSlotName, temporary: false, ReachedSlotCreated, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (EtlException e) when (e.Code == EtlErrorCode.SlotExists)
        {
            // Somebody else was faster: were the state still Creating, the next start would take that slot for its own.
            if (run.Definition.Publication is null)
                await new PublicationCatalog(source)
                    .DropAsync(run.Definition.EffectivePublication, cancellationToken).ConfigureAwait(false);
            run.InTransaction(run.State.DeletePipeline);
            throw;
        }
    }

    private async Task ReachedSlotCreated(CancellationToken cancellationToken)
    {
        run.Faults.Reached(FaultPoint.SlotCreated);
        if (run.Definition.FailoverSlot)
            await FailoverSlot.EnableAsync(run.Source, run.Definition.EffectiveSlotName, cancellationToken)
                .ConfigureAwait(false);
    }

    private void StoreTables(Survey survey, PipelineStage stage, Lsn position)
    {
        run.State.SetStage(stage);
        run.State.SavePosition(position, null);
        foreach (var table in survey.Tables)
            run.State.UpsertTable(table.Problem is { } problem ? table.Record.Aside(problem) : table.Record);
    }
}
