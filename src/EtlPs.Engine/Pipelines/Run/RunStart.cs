using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>What is told, or refused, once a run knows how both sides look, and before it changes anything.</summary>
internal static class RunStart
{
    /// <exception cref="EtlException">A table cannot be copied, and the run is to end for that.</exception>
    public static void Check(PipelineRun run, Survey survey)
    {
        foreach (var warning in survey.Warnings) run.Tell(warning, MilestoneLevel.Warning);
        if (run.OnTableError == OnTableError.Stop
            && survey.Tables.FirstOrDefault(t => t.Problem is not null)?.Problem is { } problem)
            throw problem;
        if (!survey.StartsAnew) AdoptChoices(run, survey);
    }

    /// <summary>
    /// What becomes of values that DuckDB cannot hold may be chosen otherwise than before: it holds from now on.
    /// Whatever would need other columns was refused.
    /// </summary>
    private static void AdoptChoices(PipelineRun run, Survey survey)
    {
        var known = run.State.ReadTables().ToDictionary(t => t.Oid);
        var changed = survey.Tables.Select(t => t.Record)
            .Where(t => t.State is TableState.Ready or TableState.CatchingUp && !HasSameColumns(t, known[t.Oid]))
            .ToList();
        if (changed.Count == 0) return;
        foreach (var table in changed.Where(t => t.KeyColumns.Count == 0)) RequireOneWay(run, table);
        run.InTransaction(() =>
        {
            foreach (var table in changed) run.State.UpsertTable(known[table.Oid] with { Schema = table.Schema });
        });
        var named = string.Join(", ", changed.Take(5).Select(t => t.Source));
        run.Tell(
            "-OnUnrepresentable is another one than before; it holds from now on, without another copy, for "
            + $"{named}{(changed.Count > 5 ? $" and {changed.Count - 5} more" : "")}.");
    }

    /// <summary>
    /// Rows without a key are found again by what was written of their values: of a value that some rows have NULL for
    /// and others a rounded one, nothing would tell which.
    /// </summary>
    private static void RequireOneWay(PipelineRun run, TableRecord table)
    {
        var before = run.State.Losses.ReadColumns(table.Oid, isHidden: !table.IsVisible);
        foreach (var column in table.Columns)
        {
            if (column.Carriage.OnUnrepresentable is not (OnUnrepresentable.Null or OnUnrepresentable.Round)
                || !before.TryGetValue(column.Name, out var way)
                || way == column.Carriage.OnUnrepresentable)
                continue;
            throw new EtlException(
                EtlErrorCode.DefinitionChanged,
                $"Column {TableName.Quote(column.Name)} of {table.Source}, which has no key, has rows that were "
                + $"written under -OnUnrepresentable {way}; under {column.Carriage.OnUnrepresentable} they could not "
                + "be found again.",
                "Define the pipeline as before, or copy the table again as it is defined now: Reset-EtlTable "
                + $"{run.Definition.Name} '{table.Source}'.")
            {
                Subject = table.Source.ToString(),
                Column = column.Name,
            };
        }
    }

    private static bool HasSameColumns(TableRecord table, TableRecord known) =>
        StoredColumn.Write(table.Schema, table.DuckDbTypes) == StoredColumn.Write(known.Schema, known.DuckDbTypes);
}
