using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Run;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>A stream under way, beside which tables can be copied again, by as many workers as before it.</summary>
internal sealed class LiveStream(PipelineRun run, ResetDesk desk, int workers)
{
    public async Task<IReadOnlyList<TableCopyResult>> ResetAsync(
        IReadOnlyList<string> patterns, IPipelineObserver observer, CancellationToken cancellationToken)
    {
        using var connection = run.File.Connect();
        var state = new StateStore(connection, run.Definition.Name);
        var tables = TableSelection.Select(state.ReadTables(), t => t.Source, patterns, run.Definition);
        var reset = new LiveReset(run with { Observer = observer }, desk, connection, workers);
        var results = new List<TableCopyResult>();
        foreach (var table in tables)
            results.Add(await ResetAsync(reset, state, table, cancellationToken).ConfigureAwait(false));
        return results;
    }

    /// <summary>One table's error is its own: the others are copied all the same.</summary>
    private async Task<TableCopyResult> ResetAsync(
        LiveReset reset, StateStore state, TableRecord table, CancellationToken cancellationToken)
    {
        try
        {
            if (table.State is not (TableState.Ready or TableState.SetAside)) throw ResetErrors.Running(table.Source);
            return await desk.RunAsync(table, stop => reset.RunAsync(table, stop), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is not OperationCanceledException && RunErrors.Translate(e, run.Definition) is EtlException error)
        {
            var now = desk.Closing.IsCancellationRequested ? table : state.FindTable(table.Oid) ?? table;
            return new TableCopyResult(
                table.Source, table.Destination, now.State, Copied: false, now.Rows, now.Bytes, now.CopiedAt,
                TimeSpan.Zero, error);
        }
    }
}
