using System.Diagnostics;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Copies tables under one snapshot, by several workers, and brings each to its end when its last range is in.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="snapshot">What all rows are read under.</param>
/// <param name="workers">How many copy at the same time.</param>
/// <param name="begun">The tables that were begun under this snapshot, by this round or one before.</param>
/// <param name="results">Takes what became of each table.</param>
internal sealed class CopyRound(
    PipelineRun run, SnapshotSlot snapshot, int workers, ICollection<uint> begun,
    Dictionary<uint, TableCopyResult> results) : ICopyRound
{
    private readonly Lsn _position = run.State.FindPipeline()!.Position;

    /// <inheritdoc cref="CopyWorkers.RunAsync"/>
    public Task RunAsync(IEnumerable<SurveyedTable> tables, CancellationToken cancellationToken) =>
        new CopyWorkers(run, snapshot, workers)
            .RunAsync(tables.Select(t => (t.Record, t.Size?.Bytes ?? 0)), this, cancellationToken);

    public OpenedTable Open(TableCopy table, TableSnapshot opened, DuckDBConnection connection) =>
        new TableOpening(run, connection, snapshot, workers).Open(table.Record, opened, _position, begun);

    /// <summary>Shows a table whose ranges are all in, or sets it aside.</summary>
    public void End(TableCopy table, DuckDBConnection connection)
    {
        var record = table.Record;
        switch (table.Failure)
        {
            case null:
                Add(record.Oid, Show(table, connection));
                break;
            case EtlException error:
                Add(record.Oid, new TableQuarantine(run).SetAside(record, error));
                break;
            default:
                run.Tell(
                    $"Table {record.Source} was rewritten since the snapshot; it is copied under a new one.",
                    MilestoneLevel.Verbose);
                break;
        }
    }

    /// <summary>
    /// The table gets its visible name in the same transaction as its state. A copy exact at the stored position is
    /// shown at once; a later one, and one of several snapshots, has to wait for the stream.
    /// </summary>
    private TableCopyResult Show(TableCopy table, DuckDBConnection connection)
    {
        var state = new StateStore(connection, run.Definition.Name);
        var done = Done(table.Record, state.ReadRanges(table.Record.Oid));
        run.File.ChangeCatalog(connection, () =>
        {
            if (done.State == TableState.Ready)
            {
                TableDdl.Show(connection, table.Record);
                state.Losses.Show(done.Schema);
            }
            // What the copy has of a key may be newer than the next change of it: no value that a change leaves out is
            // in it.
            if (done.ReplayFrom is not null) state.Fetches.Save(done.Oid, done.CopiedAt);
            state.UpsertTable(done);
            run.Faults.Reached(FaultPoint.TableRenamed);
        });
        table.Meter!.Complete();
        run.Observer.Post(new TableStateChanged(done.Source, done.State));
        return new TableCopyResult(
            done.Source, done.Destination, done.State, Copied: true, done.Rows, done.Bytes, done.CopiedAt,
            Stopwatch.GetElapsedTime(table.Begun), Error: null);
    }

    private TableRecord Done(TableRecord copying, IReadOnlyList<RangeRecord> ranges)
    {
        // A partitioned table without partitions has none.
        var (first, last) = ranges.Count == 0
            ? (copying.CopiedAt, copying.CopiedAt)
            : (ranges.Min(r => r.CopiedAt), ranges.Max(r => r.CopiedAt));
        var done = copying with
        {
            State = TableState.CatchingUp,
            CopiedAt = last,
            ReplayFrom = first < last ? first : null,
            Rows = ranges.Sum(r => r.Rows),
            Bytes = ranges.Sum(r => r.Bytes),
        };
        return last > _position ? done : done.Ready();
    }

    private void Add(uint oid, TableCopyResult result)
    {
        lock (results) results[oid] = result;
    }
}
