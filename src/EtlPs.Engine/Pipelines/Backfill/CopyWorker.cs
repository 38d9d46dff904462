using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>Takes one range after the other out of the queue, with a session and a connection that it keeps.</summary>
internal sealed class CopyWorker(
    PipelineRun run, ICopyRound round, RangeQueue queue, SnapshotSlot snapshot, DuckDBConnection connection)
    : IAsyncDisposable
{
    private readonly CopySession _session = new(run.Source, snapshot.SnapshotName);
    private readonly RangeCopier _ranges = new(run, connection);
    private TableCopy? _table;

    /// <summary>Works until nothing is left.</summary>
    /// <returns>Why this worker cannot go on, though others may; null: it is through.</returns>
    public async Task<EtlException?> RunAsync(CancellationToken stop)
    {
        while (await queue.TakeAsync(_table, stop).ConfigureAwait(false) is { } task)
        {
            EtlException? lost = null;
            var isDone = true;
            try
            {
                await WorkAsync(task).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                await _session.DisposeAsync().ConfigureAwait(false);
                stop.ThrowIfCancellationRequested();
                // Cancelled because of another range, whose error it is.
                if (task.Table.Failure is null) (isDone, lost) = Judge(e, task.Table);
            }
            if (queue.End(task, isDone))
            {
                await _session.LeaveAsync(stop).ConfigureAwait(false);
                round.End(task.Table, connection);
            }
            if (lost is not null) return lost;
            _table = task.Table;
        }
        return null;
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task WorkAsync(CopyTask task)
    {
        var table = task.Table;
        var opened = await _session.OpenAsync(table.Record, table.Stop).ConfigureAwait(false);
        if (task.Range is { } range)
        {
            await _ranges.CopyAsync(opened, table.Record, table.Codecs, range, table.Meter!, table.Stop)
                .ConfigureAwait(false);
            return;
        }
        queue.Opened(table, round.Open(table, opened, connection));
    }

    /// <summary>What an error means for the table, whose work is undone, and for this worker.</summary>
    private (bool IsDone, EtlException? Lost) Judge(Exception e, TableCopy table)
    {
        if (e is TableRewrittenException) return Fail(e);
        if (e is TableFailedException failed) return Fail(failed.Error);
        if (DuckDbErrors.ConcernsOneTable(e)) return Fail(DuckDbErrors.OfTable(e, table.Record.Source));
        var error = e as EtlException
            ?? (e is DuckDBException ? DuckDbErrors.Translate(e, run.File.Path) : run.Source.Translate(e));
        // The other workers' sessions may be well, and the server may have room for theirs only.
        if (Reconnection.IsHealable(error) || error.Code == EtlErrorCode.NoFreeSlot) return (false, error);
        if (error.Code == EtlErrorCode.TimedOut && table.MayRetry()) return (false, null);
        return IsOfTheTable(error, table) ? Fail(error) : throw error;

        (bool, EtlException?) Fail(Exception failure)
        {
            queue.Fail(table, failure);
            return (true, null);
        }
    }

    /// <summary>Errors that one table meets and the others do not.</summary>
    private static bool IsOfTheTable(EtlException error, TableCopy table) =>
        error.Code is EtlErrorCode.PermissionDenied or EtlErrorCode.TableNotFound or EtlErrorCode.SchemaChanged
            or EtlErrorCode.ValueNotRepresentable or EtlErrorCode.UnsupportedType
            or EtlErrorCode.NameCollision or EtlErrorCode.TimedOut
        // A condition, a view and another server can fail in any way that SQL can.
        || (error.Code == EtlErrorCode.Unexpected && table.Record.Schema is not { IsTable: true, RowFilter: null });
}
