using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Makes a table's hidden table, or finds what an earlier run has copied into it, and cuts the rest into ranges.
/// </summary>
internal sealed class TableOpening(PipelineRun run, DuckDBConnection connection, SnapshotSlot snapshot, int workers)
{
    private readonly StateStore _state = new(connection, run.Definition.Name);

    /// <summary>Goes on with what is in, or begins anew.</summary>
    /// <param name="record">The table as it was surveyed.</param>
    /// <param name="table">The table under the snapshot.</param>
    /// <param name="position">The pipeline's stored position.</param>
    /// <param name="begun">The tables that were begun under this snapshot.</param>
    public OpenedTable Open(TableRecord record, TableSnapshot table, Lsn position, ICollection<uint> begun)
    {
        bool begunBefore;
        lock (begun) begunBefore = begun.Contains(record.Oid);
        var copying = Copying(record, table);
        var known = new Resumption(connection, _state, snapshot, position).Find(record, table, begunBefore);
        if (known is null)
        {
            Begin(copying, () =>
            {
                _state.UpsertTable(copying);
                _state.Partitions.Replace(copying.Oid, Partitions(copying, table));
            });
            lock (begun) if (!begunBefore) begun.Add(record.Oid);
        }
        else
        {
            run.Tell(
                $"The copy of {record.Source} goes on: {known.Sum(r => r.Rows)} rows are in.", MilestoneLevel.Verbose);
        }
        run.Observer.Post(new TableStateChanged(record.Source, TableState.Copying));
        return Opened(copying, table, known ?? []);
    }

    /// <summary>Begins anew, and leaves the table's state, and the tree that is followed, as they are.</summary>
    public OpenedTable OpenBeside(TableRecord record, TableSnapshot table)
    {
        var copying = Copying(record, table);
        Begin(copying, () => { });
        run.Observer.Post(new TableStateChanged(record.Source, TableState.Copying));
        return Opened(copying, table, []);
    }

    private TableRecord Copying(TableRecord record, TableSnapshot table) => record with
    {
        State = TableState.Copying, CopiedAt = snapshot.ConsistentPoint, ReplayFrom = null, FileNode = table.FileNode,
        KeyIndex = table.KeyIndex, Horizon = table.Horizon, PublishedBy = 0, Rows = 0, Bytes = 0,
    };

    private void Begin(TableRecord copying, Action note) =>
        run.File.ChangeCatalog(connection, () =>
        {
            _state.DeleteRanges(copying.Oid);
            _state.Losses.DropHidden(copying.Oid);
            TableDdl.CreateHiddenTable(connection, copying);
            note();
        });

    private static IReadOnlyList<PartitionRecord> Partitions(TableRecord copying, TableSnapshot table) =>
        [.. table.Tree.Partitions.Select(
            p => new PartitionRecord(copying.Oid, p.Oid, p.AttachedBy, p.FileNode, table.Tree.Horizon))];

    private OpenedTable Opened(TableRecord copying, TableSnapshot table, IReadOnlyList<RangeRecord> known)
    {
        var rangeBytes = run.Definition.RangeBytes ?? RangeSize.Of(table.SizeBytes, workers);
        var done = known.ToLookup(r => r.Heap, r => new CopyRange(r.StartBlock, r.EndBlock));
        var ranges = table.Heaps.SelectMany(h => RangeSize.Missing(h, done[h.Oid], rangeBytes)).ToList();
        return new OpenedTable(
            copying, ranges,
            new CopyMeter(run.Observer, copying.Source, table.SizeBytes, ranges.Sum(r => r.Bytes), known),
            Partitions(copying, table));
    }
}
