using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Run;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>Tables that are to be copied again by the run that begins: their visible rows stay until then.</summary>
internal static class InterruptedResets
{
    /// <summary>Takes up the resets that an earlier run was cut off in.</summary>
    public static void TakeUp(PipelineRun run)
    {
        var tables = run.State.ReadTables().Where(t => t.ResetBegun is not null).ToList();
        if (tables.Count == 0) return;
        run.InTransaction(() => Queue(run, tables));
        foreach (var table in tables) run.Tell($"The reset of table {table.Source} was cut off; it is copied again.");
    }

    /// <summary>Marks tables to be copied, inside the caller's transaction.</summary>
    public static void Queue(PipelineRun run, IEnumerable<TableRecord> tables)
    {
        var pipeline = run.State.FindPipeline()!;
        foreach (var table in tables)
        {
            TableDdl.DropHidden(run.Connection, table);
            run.State.Losses.DropHidden(table.Oid);
            run.State.UpsertTable(table.Standing(pipeline.Position, pipeline.CommitTime) with
            {
                State = TableState.Pending, ReplayFrom = null, Error = null, ResetBegun = null,
            });
        }
    }
}
