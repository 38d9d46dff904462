using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Sets tables aside, each with its error, so that the others go on.</summary>
internal sealed class TableQuarantine(PipelineRun run)
{
    /// <summary>
    /// Sets one table aside: a visible one stays as of the position stored now; one that was never shown is dropped, since it
    /// is as of no single LSN that a user could make sense of.
    /// </summary>
    public TableCopyResult SetAside(TableRecord table, EtlException error)
    {
        // Tables are set aside by workers too, which must not share the run's own connection.
        using var connection = run.File.Connect();
        var state = new StateStore(connection, run.Definition.Name);
        var aside = table.Aside(error);
        run.File.ChangeCatalog(connection, () =>
        {
            if (state.FindTable(table.Oid) is { IsVisible: true } shown) aside = KeepAsOfNow(shown, state, error);
            else TableDdl.DropHidden(connection, table);
            state.UpsertTable(aside);
        });
        run.Observer.Post(new TableStateChanged(table.Source, TableState.SetAside, error));
        return new TableCopyResult(
            aside.Source, aside.Destination, TableState.SetAside, Copied: false, aside.Rows, aside.Bytes, aside.CopiedAt,
            TimeSpan.Zero, error);
    }

    private static TableRecord KeepAsOfNow(TableRecord shown, StateStore state, EtlException error) => shown with
    {
        State = TableState.SetAside,
        ErrorCode = error.Code.ToString(),
        ErrorMessage = $"{error.Message} The table stays as of {state.FindPipeline()!.Position}.",
    };
}
