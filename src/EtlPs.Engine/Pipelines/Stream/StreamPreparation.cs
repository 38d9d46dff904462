using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What has to be done before changes can be followed: backfill, or empty tables.</summary>
internal sealed class StreamPreparation(PipelineRun run, NpgsqlConnection source)
{
    /// <summary>Returns one result for each table that was copied or is set aside.</summary>
    public async Task<IReadOnlyList<TableCopyResult>> RunAsync(
        Survey survey, StreamOptions options, CancellationToken cancellationToken)
    {
        return survey.StartsAnew && options.SkipBackfill
            ? await CreateEmptyTablesAsync(survey, cancellationToken).ConfigureAwait(false)
            : await new BackfillRunner(run, source)
                .RunAsync(
                    survey, new BackfillOptions { Workers = options.Workers,
                        ReconnectTimeout = options.ReconnectTimeout },
                    cancellationToken)
                .ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<TableCopyResult>> CreateEmptyTablesAsync(
        Survey survey, CancellationToken cancellationToken)
    {
        await using var slot = await new PipelineStart(run, source).WithSlotAsync(survey, cancellationToken)
            .ConfigureAwait(false);
        run.InTransaction(() =>
        {
            foreach (var table in survey.TablesToCopy.Select(t => t.Record))
            {
                var empty = table with { State = TableState.Ready, CopiedAt = slot.ConsistentPoint };
                TableDdl.CreateHiddenTable(run.Connection, empty);
                TableDdl.Show(run.Connection, table);
                run.State.Losses.Show(empty.Schema);
                run.State.UpsertTable(empty);
            }
        });
        return
        [
            .. run.State.ReadTables().Where(t => t.State == TableState.SetAside).Select(t => new TableCopyResult(
                t.Source, t.Destination, t.State, Copied: false, 0, 0, Lsn.Zero, TimeSpan.Zero, StoredError.Of(t))),
        ];
    }
}
