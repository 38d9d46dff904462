using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Pipelines.Stream;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>
/// What a stream does between two batches, when it has no transaction open at the destination: takes over tables that
/// were copied again, and shows them once its own position has come to theirs.
/// </summary>
internal sealed class StreamBoundary(PipelineRun run, ResetDesk desk, RelationMap relations, BatchApplier applier)
{
    // Both streams read the same WAL: a copy that has caught up is as far as the stream within moments.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly List<(TableRecord Record, StreamedTable Table)> _hidden = [];

    /// <summary>Called between two batches.</summary>
    /// <param name="lastCommit">The commit LSN of the last transaction that was begun to be read.</param>
    public async ValueTask ReachedAsync(Lsn lastCommit)
    {
        if (desk.Offers.Count == 0 && _hidden.Count == 0) return;
        foreach (var offer in desk.Offers)
        {
            // What was read already was not kept for this table.
            var needed = lastCommit < applier.Position ? applier.Position : new Lsn(lastCommit.Value + 1);
            if (await offer.ComesToAsync(needed, Patience).ConfigureAwait(false) && offer.TryTake())
                TakeOver(offer, offer.From > needed ? offer.From : needed);
        }
        foreach (var caughtUp in _hidden.Where(t => t.Table.CopiedAt <= applier.Position).ToList()) Show(caughtUp);
    }

    private void TakeOver(TableHandover offer, Lsn exactAt)
    {
        desk.Withdraw(offer);
        try
        {
            _hidden.Add(Adopt(offer.Table, offer.Tree, exactAt));
            offer.TakenOver();
        }
        catch (Exception e)
        {
            offer.TakenOver(e);
            throw;
        }
    }

    private (TableRecord Record, StreamedTable Table) Adopt(TableRecord adopted, CopiedTree tree, Lsn exactAt)
    {
        using (var connection = run.File.Connect())
        {
            var state = new StateStore(connection, run.Definition.Name);
            run.File.ChangeCatalog(connection, () =>
            {
                var pipeline = state.FindPipeline()!;
                var known = state.FindTable(adopted.Oid)!.Standing(pipeline.Position, pipeline.CommitTime);
                adopted = adopted with
                {
                    State = TableState.CatchingUp, CopiedAt = exactAt, ReplayFrom = null, Error = null,
                        ResetBegun = null,
                    StandsAt = known.StandsAt, StandsAtCommit = known.StandsAtCommit,
                };
                state.UpsertTable(adopted);
                state.Partitions.Replace(adopted.Oid, tree.Partitions);
                run.Faults.Reached(FaultPoint.ResetTakenOver);
            });
        }
        var table = new StreamedTable(adopted.Schema, exactAt) { HasAllRows = desk.SendsAllRows };
        relations.Replace(table);
        applier.Map(table, adopted.HiddenName, isHidden: true);
        return (adopted, table);
    }

    private void Show((TableRecord Record, StreamedTable Table) caughtUp)
    {
        using (var connection = run.File.Connect())
        {
            var state = new StateStore(connection, run.Definition.Name);
            run.File.ChangeCatalog(connection, () =>
            {
                TableDdl.Show(connection, caughtUp.Record);
                state.Losses.Show(caughtUp.Record.Schema);
                state.SetReady(caughtUp.Record.Oid);
                run.Faults.Reached(FaultPoint.TableRenamed);
            });
        }
        applier.Map(caughtUp.Table, caughtUp.Record.Destination);
        _hidden.Remove(caughtUp);
        run.Observer.Post(new TableStateChanged(caughtUp.Record.Source, TableState.Ready));
    }
}
