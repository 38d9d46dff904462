using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Takes tables into a pipeline that goes on; they are copied as what an earlier run left over is.</summary>
internal static class TableJoining
{
    /// <summary>
    /// The publication comes first: a table that is known is copied under the snapshot of a slot that is made later,
    /// and whatever commits behind that snapshot is of transactions that began after the table was published.
    /// </summary>
    public static async Task RunAsync(
        PipelineRun run, NpgsqlConnection source, Survey survey, CancellationToken cancellationToken)
    {
        var joining = survey.Joining;
        if (joining.Tables.Count == 0) return;
        await new PublicationCatalog(source)
            .AddTablesAsync(run.Definition.EffectivePublication, joining.ToPublish, cancellationToken)
            .ConfigureAwait(false);
        run.InTransaction(() =>
        {
            foreach (var table in joining.Tables)
                run.State.UpsertTable(table.Problem is { } problem ? table.Record.Aside(problem) : table.Record);
        });
        foreach (var table in joining.Tables) run.Tell($"Table {table.Record.Source} joins the pipeline.");
    }
}
