using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Copies ranges over one connection of the destination. Each is one transaction: its rows and its line in the ledger
/// are stored together or not at all.
/// </summary>
internal sealed class RangeCopier(PipelineRun run, DuckDBConnection connection)
{
    private readonly StateStore _state = new(connection, run.Definition.Name);
    private readonly BlockPool _blocks = new();

    public async Task CopyAsync(
        TableSnapshot table, TableRecord record, IReadOnlyList<ColumnCodec> codecs, HeapRange range, CopyMeter meter,
        CancellationToken cancellationToken)
    {
        await using var reader = await table.CopyAsync(range.Heap, range.Blocks, cancellationToken)
            .ConfigureAwait(false);
        await Task.Factory.StartNew(
            () => Store(reader, record, codecs, range, meter, cancellationToken),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        run.Faults.Reached(FaultPoint.RangeStored);
    }

    private void Store(
        ICopyReader reader, TableRecord record, IReadOnlyList<ColumnCodec> codecs, HeapRange range, CopyMeter meter,
        CancellationToken cancellationToken)
    {
        var (rows, bytes) = (0L, 0L);
        using var blocks = new CopyBlocks(reader, _blocks, cancellationToken);
        var isStored = false;
        meter.Begin(range);
        try
        {
            connection.InTransaction(() =>
            {
                using var losses = _state.Losses.OpenForCopy(record.Schema, record.CopiedAt);
                using (var appender = new TableAppender(
                    connection, null, record.HiddenName.Schema, record.HiddenName.Name))
                {
                    var decoder = new BinaryCopyDecoder(
                        record.Columns, codecs, appender, new CopyLosses(record.Schema, losses));
                    while (!decoder.IsComplete)
                    {
                        var block = blocks.Next();
                        if (block.IsEmpty) throw CutOff(record);
                        var used = Decode(decoder, block, record);
                        blocks.Advance(used);
                        meter.Add(decoder.Rows - rows, used);
                        (rows, bytes) = (decoder.Rows, bytes + used);
                        if (!decoder.IsComplete) run.Faults.Reached(FaultPoint.BlockAppended);
                    }
                    appender.Close();
                }
                losses.Close();
                run.Faults.Reached(FaultPoint.RangeAppended);
                _state.InsertRange(new RangeRecord(
                    record.Oid, range.Heap.Oid, range.Blocks.StartBlock, range.Blocks.EndBlock, record.CopiedAt,
                    range.Heap.FileNode, rows, bytes));
            });
            isStored = true;
        }
        finally
        {
            meter.End(range, rows, bytes, isStored);
        }
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

    private static EtlException CutOff(TableRecord record) => new(
        EtlErrorCode.ProtocolViolation,
        $"The copy of {record.Source} ended before Postgres said that it was complete.",
        "Start the backfill again; it goes on with what is missing.")
    {
        Subject = record.Source.ToString(),
    };
}
