using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>What is told, or refused, once a run knows how both sides look, and before it changes anything.</summary>
internal static class RunStart
{
    /// <exception cref="Errors.EtlException">A table cannot be copied, and the run is to end for that.</exception>
    public static void Check(PipelineRun run, Survey survey)
    {
        foreach (var warning in survey.Warnings) run.Tell(warning, MilestoneLevel.Warning);
        if (run.OnTableError == OnTableError.Stop && survey.Tables.FirstOrDefault(t => t.Problem is not null)?.Problem is { } problem)
            throw problem;
        if (!survey.StartsAnew) AdoptChoices(run, survey);
    }

    /// <summary>
    /// What becomes of values that DuckDB cannot hold may be chosen otherwise than before: it holds from now on. Whatever would
    /// need other columns was refused.
    /// </summary>
    private static void AdoptChoices(PipelineRun run, Survey survey)
    {
        var known = run.State.ReadTables().ToDictionary(t => t.Oid);
        var changed = survey.Tables.Select(t => t.Record)
            .Where(t => t.State is TableState.Ready or TableState.CatchingUp && !HasSameColumns(t, known[t.Oid])).ToList();
        if (changed.Count == 0) return;
        run.InTransaction(() =>
        {
            foreach (var table in changed) run.State.UpsertTable(known[table.Oid] with { Schema = table.Schema });
        });
        run.Tell(
            "-OnUnrepresentable is another one than before; it holds from now on, without another copy, for "
            + $"{string.Join(", ", changed.Take(5).Select(t => t.Source))}{(changed.Count > 5 ? $" and {changed.Count - 5} more" : "")}.");
    }

    private static bool HasSameColumns(TableRecord table, TableRecord known) =>
        StoredColumn.Write(table.Schema, table.DuckDbTypes) == StoredColumn.Write(known.Schema, known.DuckDbTypes);
}
