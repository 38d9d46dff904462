using System.Runtime.ExceptionServices;
using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Copies one table under its hidden name, and leaves its state, and what is visible of it, as it is.
/// </summary>
internal sealed class BesideCopy(PipelineRun run, SnapshotSlot snapshot, int workers) : ICopyRound
{
    private Exception? _failure;
    private TableRecord? _copied;

    /// <summary>A partitioned table's tree as it was copied.</summary>
    public IReadOnlyList<PartitionRecord> Partitions { get; private set; } = [];

    /// <exception cref="TableRewrittenException">The snapshot does not see the table as it is.</exception>
    /// <exception cref="Errors.EtlException">What ended it.</exception>
    public async Task<TableRecord> RunAsync(TableRecord record, CancellationToken cancellationToken)
    {
        await new CopyWorkers(run, snapshot, workers).RunAsync([(record, 0)], this, cancellationToken)
            .ConfigureAwait(false);
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        return _copied!;
    }

    public OpenedTable Open(TableCopy table, TableSnapshot opened, DuckDBConnection connection)
    {
        var begun = new TableOpening(run, connection, snapshot, workers).OpenBeside(table.Record, opened);
        Partitions = begun.Partitions;
        return begun;
    }

    public void End(TableCopy table, DuckDBConnection connection)
    {
        _failure = table.Failure;
        if (_failure is not null) return;
        var meter = table.Meter!;
        meter.Complete();
        _copied = table.Record with { Rows = meter.Rows, Bytes = meter.Bytes };
    }
}
