using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>Copies one table under its hidden name, and leaves its state, and what is visible of it, as it is.</summary>
internal sealed class TableCopier(PipelineRun run, DuckDBConnection connection)
{
    public async Task<TableRecord> CopyBesideAsync(TableRecord record, SnapshotSlot snapshot, CancellationToken cancellationToken)
    {
        await using var table = await TableSnapshot
            .OpenAsync(run.Source, snapshot.SnapshotName, record.Schema, cancellationToken).ConfigureAwait(false);
        var opened = new TableOpening(run, connection, snapshot, workers: 1).OpenBeside(record, table);
        var ranges = new RangeCopier(run, connection);
        var codecs = record.Columns.Select(c => CodecCatalog.Find(c.Type)!).ToList();
        foreach (var range in opened.Ranges)
            await ranges.CopyAsync(table, opened.Record, codecs, range, opened.Meter, cancellationToken).ConfigureAwait(false);
        opened.Meter.Complete();
        return opened.Record with { Rows = opened.Meter.Rows, Bytes = opened.Meter.Bytes };
    }
}
