using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What has to be done before changes can be followed: backfill, or empty tables; and a look at the publication.</summary>
internal sealed class StreamPreparation(PipelineRun run, NpgsqlConnection source)
{
    /// <summary>Returns one result for each table that was copied or is set aside.</summary>
    public async Task<IReadOnlyList<TableCopyResult>> RunAsync(
        Survey survey, StreamOptions options, CancellationToken cancellationToken)
    {
        var tables = survey.StartsAnew && options.SkipBackfill
            ? await CreateEmptyTablesAsync(survey, cancellationToken).ConfigureAwait(false)
            : await new BackfillRunner(run, source).RunAsync(survey, new BackfillOptions(), cancellationToken).ConfigureAwait(false);
        var unpublished = await SetAsideOtherwisePublishedAsync(cancellationToken).ConfigureAwait(false);
        return [.. tables, .. unpublished];
    }

    private async Task<IReadOnlyList<TableCopyResult>> CreateEmptyTablesAsync(Survey survey, CancellationToken cancellationToken)
    {
        await using var slot = await new PipelineStart(run, source).WithSlotAsync(survey, cancellationToken).ConfigureAwait(false);
        run.InTransaction(() =>
        {
            foreach (var table in survey.TablesToCopy.Select(t => t.Record))
            {
                var empty = table with { State = TableState.Ready, CopiedAt = slot.ConsistentPoint };
                TableDdl.CreateHiddenTable(run.Connection, empty);
                TableDdl.Show(run.Connection, empty);
                run.State.UpsertTable(empty);
            }
        });
        return
        [
            .. run.State.ReadTables().Where(t => t.State == TableState.SetAside).Select(t => new TableCopyResult(
                t.Source, t.Destination, t.State, Copied: false, 0, 0, Lsn.Zero, TimeSpan.Zero, StoredError.Of(t))),
        ];
    }

    /// <summary>
    /// A table that was taken out of the publication, or dropped, sends no changes any more, and one with another row filter
    /// sends those of other rows: neither must look as if it were followed.
    /// </summary>
    private async Task<IReadOnlyList<TableCopyResult>> SetAsideOtherwisePublishedAsync(CancellationToken cancellationToken)
    {
        var publication = run.Definition.EffectivePublication;
        var published = (await new CatalogReader(source)
            .ReadPublishedTablesAsync(publication, cancellationToken).ConfigureAwait(false))
            .ToDictionary(t => t.Oid, t => t.RowFilter);
        var quarantine = new TableQuarantine(run);
        return
        [
            .. run.State.ReadTables()
                .Where(t => t.State is TableState.Ready or TableState.CatchingUp)
                .Select(t => (Table: t, Error: !published.TryGetValue(t.Oid, out var filter) ? Unpublished(t.Source, publication)
                    : filter != t.Schema.RowFilter ? OtherRows(t.Source, publication) : null))
                .Where(t => t.Error is not null)
                .Select(t => quarantine.SetAside(t.Table, t.Error!)),
        ];
    }

    private static EtlException Unpublished(TableName table, string publication) => new(
        EtlErrorCode.PublicationUnusable,
        $"Table {table} is no longer in publication {publication}: its changes are not sent.",
        "If it was dropped, nothing is to be done; else put it back and copy the pipeline's tables again with -Restart.")
    {
        Subject = table.ToString(),
    };

    private static EtlException OtherRows(TableName table, string publication) => new(
        EtlErrorCode.SchemaChanged,
        $"The row filter of {table} in publication {publication} is another one than when the table was copied: the rows that it lets "
        + "in or keeps out now are not sent.",
        "Put the old filter back and copy the pipeline's tables again, or copy them with the new one: -Restart.")
    {
        Subject = table.ToString(),
    };
}
