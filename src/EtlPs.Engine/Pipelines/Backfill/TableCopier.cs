using System.Diagnostics;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Copies one table under one snapshot, range by range. Each range is one transaction of the destination: its rows and its
/// line in the ledger are stored together or not at all.
/// </summary>
internal sealed class TableCopier(PipelineRun run, DuckDBConnection connection)
{
    // Every range ends with a commit that the reading waits for.
    private const long RangeBytes = 2L << 30;

    private readonly StateStore _state = new(connection, run.Definition.Name);

    /// <param name="position">The pipeline's stored position: a copy exact at it is shown at once, a later one has to wait.</param>
    public async Task<TableCopyResult> CopyAsync(
        TableRecord record, SnapshotSlot snapshot, Lsn position, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var meter = new CopyMeter(run.Observer, record.Source, 0);
        var copied = await CopyHiddenAsync(record, snapshot, _state.UpsertTable, m => meter = m, cancellationToken).ConfigureAwait(false);
        var shown = Show(copied, position);
        meter.Complete();
        run.Observer.Post(new Events.TableStateChanged(record.Source, shown.State));
        return new TableCopyResult(
            record.Source, record.Destination, shown.State, Copied: true, meter.Rows, meter.Bytes, shown.CopiedAt,
            Stopwatch.GetElapsedTime(begun), Error: null);
    }

    /// <summary>Copies a table under its hidden name and leaves its state, and what is visible of it, as it is.</summary>
    public async Task<TableRecord> CopyBesideAsync(TableRecord record, SnapshotSlot snapshot, CancellationToken cancellationToken)
    {
        CopyMeter? meter = null;
        var copied = await CopyHiddenAsync(record, snapshot, _ => { }, m => meter = m, cancellationToken).ConfigureAwait(false);
        meter?.Complete();
        return copied;
    }

    private async Task<TableRecord> CopyHiddenAsync(
        TableRecord record, SnapshotSlot snapshot, Action<TableRecord> note, Action<CopyMeter> measure, CancellationToken cancellationToken)
    {
        await using var table = await TableSnapshot
            .OpenAsync(run.Source, snapshot.SnapshotName, record.Schema, cancellationToken).ConfigureAwait(false);
        var copying = record with
        {
            State = TableState.Copying, CopiedAt = snapshot.ConsistentPoint, FileNode = table.FileNode, Rows = 0, Bytes = 0,
        };
        run.File.ChangeCatalog(connection, () =>
        {
            _state.DeleteRanges(copying.Oid);
            TableDdl.CreateHiddenTable(connection, copying);
            note(copying);
            new PartitionStore(connection, run.Definition.Name).Replace(copying.Oid, Partitions(copying.Oid, table.Tree));
        });
        run.Observer.Post(new Events.TableStateChanged(record.Source, TableState.Copying));

        var meter = new CopyMeter(run.Observer, record.Source, table.SizeBytes);
        measure(meter);
        foreach (var heap in table.Heaps)
            foreach (var range in CopyRange.Split(heap.SizeBytes, RangeBytes))
                await CopyRangeAsync(table, copying, heap, range, meter, cancellationToken).ConfigureAwait(false);
        return copying with { Rows = meter.Rows, Bytes = meter.Bytes };
    }

    private static IEnumerable<PartitionRecord> Partitions(uint root, SnapshotTree tree) =>
        tree.Partitions.Select(p => new PartitionRecord(root, p.Oid, p.AttachedBy, p.FileNode, tree.Horizon));

    private async Task CopyRangeAsync(
        TableSnapshot table, TableRecord record, Heap heap, CopyRange range, CopyMeter meter, CancellationToken cancellationToken)
    {
        var codecs = record.Columns.Select(c => CodecCatalog.Find(c.Type)!).ToList();
        await using var reader = await table.CopyAsync(heap, range, cancellationToken).ConfigureAwait(false);
        await Task.Factory.StartNew(
            () => StoreRange(reader, record, codecs, heap, range, meter, cancellationToken),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private void StoreRange(
        ICopyReader reader, TableRecord record, List<ColumnCodec> codecs, Heap heap, CopyRange range, CopyMeter meter,
        CancellationToken cancellationToken)
    {
        var (rowsBefore, bytesBefore) = (meter.Rows, meter.Bytes);
        using var blocks = new CopyBlocks(reader, cancellationToken);
        connection.InTransaction(() =>
        {
            using (var appender = new TableAppender(connection, null, record.HiddenName.Schema, record.HiddenName.Name))
            {
                var decoder = new BinaryCopyDecoder(record.Columns, codecs, appender);
                while (!decoder.IsComplete)
                {
                    var block = blocks.Next();
                    if (block.IsEmpty) throw CutOff(record);
                    var used = Decode(decoder, block, record);
                    blocks.Advance(used);
                    meter.Add(decoder.Rows - (meter.Rows - rowsBefore), used);
                }
                appender.Close();
            }
            run.Faults.Reached(FaultPoint.RangeAppended);
            _state.InsertRange(new RangeRecord(
                record.Oid, heap.Oid, range.StartBlock, range.EndBlock, record.CopiedAt, heap.FileNode,
                meter.Rows - rowsBefore, meter.Bytes - bytesBefore));
        });
    }

    private static int Decode(BinaryCopyDecoder decoder, ReadOnlySpan<byte> block, TableRecord record)
    {
        try
        {
            return decoder.Decode(block);
        }
        catch (UnrepresentableFieldException e)
        {
            var key = CopiedRowKey.Of(record.Schema, block, e.RowOffset);
            var error = UnrepresentableValue.Error(record.Schema, e.Column, key, e.Reason);
            throw new TableFailedException(record.Oid, record.Source, error);
        }
    }

    /// <summary>The table gets its visible name in the same transaction as its state.</summary>
    private TableRecord Show(TableRecord copied, Lsn position)
    {
        var done = copied with { State = copied.CopiedAt <= position ? TableState.Ready : TableState.CatchingUp };
        run.File.ChangeCatalog(connection, () =>
        {
            if (done.State == TableState.Ready) TableDdl.Show(connection, done);
            _state.UpsertTable(done);
            if (done.State == TableState.Ready) _state.SetReady(done.Oid);
            run.Faults.Reached(FaultPoint.TableRenamed);
        });
        return done;
    }

    private static EtlException CutOff(TableRecord record) => new(
        EtlErrorCode.ProtocolViolation,
        $"The copy of {record.Source} ended before Postgres said that it was complete.",
        "Start the backfill again; the table is copied anew.")
    {
        Subject = record.Source.ToString(),
    };
}
