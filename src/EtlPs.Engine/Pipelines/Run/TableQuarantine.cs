using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Sets tables aside, each with its error, so that the others go on.</summary>
internal sealed class TableQuarantine(PipelineRun run)
{
    /// <summary>
    /// Sets one table aside: visible rows stay as of the position stored now; a copy that was never shown is dropped,
    /// since it is as of no single LSN that a user could make sense of.
    /// </summary>
    /// <exception cref="EtlException">The error itself, where the run is to end with it; nothing is changed
    /// then.</exception>
    public TableCopyResult SetAside(TableRecord table, EtlException error)
    {
        if (run.OnTableError == OnTableError.Stop && !error.SetsTableAside) throw error;
        // Tables are set aside by workers too, which must not share the run's own connection.
        using var connection = run.File.Connect();
        var state = new StateStore(connection, run.Definition.Name);
        var aside = table;
        run.File.ChangeCatalog(connection, () =>
        {
            var known = state.FindTable(table.Oid) ?? table;
            aside = known.IsVisible ? Stopped(known, state, error) : known.Aside(error);
            if (!known.IsVisible)
            {
                TableDdl.DropHidden(connection, known);
                state.Losses.DropHidden(known.Oid);
            }
            state.UpsertTable(aside);
        });
        run.Observer.Post(new TableStateChanged(table.Source, TableState.SetAside, error));
        return new TableCopyResult(
            aside.Source, aside.Destination, TableState.SetAside, Copied: false, aside.Rows, aside.Bytes,
            aside.CopiedAt,
            TimeSpan.Zero, error);
    }

    /// <summary>A table that was followed up to now; a copy under way beside it goes on.</summary>
    private static TableRecord Stopped(TableRecord followed, StateStore state, EtlException error)
    {
        var pipeline = state.FindPipeline()!;
        return followed.Standing(pipeline.Position, pipeline.CommitTime) with
        {
            State = TableState.SetAside, Error = TableError.Of(error, pipeline.Position),
        };
    }
}
