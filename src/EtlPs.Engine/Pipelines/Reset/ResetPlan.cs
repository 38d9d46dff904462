using System.Globalization;
using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>What a reset would do, by reads only.</summary>
internal static class ResetPlan
{
    public static async Task<PipelinePlan> MakeAsync(
        PipelineDefinition definition, NpgsqlConnection source, DuckDBConnection? destination,
        IReadOnlyList<string> patterns,
        CancellationToken cancellationToken)
    {
        var state = destination is null ? null : new StateStore(destination, definition.Name);
        if (state?.FindPipeline() is not { Stage: not PipelineStage.Creating } known)
            throw ResetErrors.NothingCopied(definition);
        var tables = TableSelection.Select(state.ReadTables(), t => t.Source, patterns, definition);
        var surveyed = await new Surveyor(definition, source, destination).LookAgainAsync(
            [.. tables.Select(t => t with { State = TableState.Pending })], known.Stage != PipelineStage.SnapshotOnly,
                cancellationToken)
            .ConfigureAwait(false);
        return new PipelinePlan(
            definition.Name, "Reset", $"{definition.Source}", $"{definition.Destination}",
            [.. surveyed.Where(t => t.Problem is null).Select(t => new PlannedEffect(
                $"table {t.Record.Destination} in {definition.Destination}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Copy {t.Record.Source} again, {(t.Size?.Bytes ?? 0) / 1048576.0:0.#} MB")))],
            [.. tables.Zip(surveyed, (table, now) => new PlannedTable(
                table.Source, table.Destination, table.State, now.Problem is null, now.Size?.EstimatedRows,
                now.Size?.Bytes ?? 0, now.Problem))],
            []);
    }
}
