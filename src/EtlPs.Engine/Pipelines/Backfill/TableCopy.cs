using System.Diagnostics;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// One table's copy under one snapshot, by however many workers: the ranges that are left, and whether it has failed.
/// What is to be done next is guarded by the <see cref="RangeQueue"/>.
/// </summary>
/// <param name="record">The table as it was surveyed.</param>
/// <param name="bytes">About its size, until it is opened.</param>
/// <param name="stop">Ends the whole run.</param>
internal sealed class TableCopy(TableRecord record, long bytes, CancellationToken stop) : IDisposable
{
    private const int MostTries = 3;

    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private Queue<HeapRange>? _ranges;
    private int _underWay;
    private int _retries;

    /// <summary>The table; once it is opened, as it is being copied.</summary>
    public TableRecord Record { get; private set; } = record;

    /// <summary>How its columns are read.</summary>
    public IReadOnlyList<ColumnCodec> Codecs { get; } = ColumnCodecs.Of(record.Columns);

    /// <summary>Counts all workers' rows; there from the opening on.</summary>
    public CopyMeter? Meter { get; private set; }

    /// <summary>When it was begun.</summary>
    public long Begun { get; } = Stopwatch.GetTimestamp();

    /// <summary>Cancelled when the run ends, or when another range has failed.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Why it goes no further; null: it does.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>What is left to be begun, in bytes.</summary>
    public long BytesLeft { get; private set; } = bytes;

    /// <summary>Whether a worker opens it now, so that its ranges are to come.</summary>
    public bool IsOpening { get; private set; }

    /// <summary>Whether there is something for a worker to begin.</summary>
    public bool HasWork => Failure is null && !IsOpening && _ranges is not { Count: 0 };

    /// <summary>Whether all that was begun is over, and nothing is left to begin.</summary>
    public bool IsOver => _underWay == 0 && (Failure is not null || _ranges is { Count: 0 });

    /// <summary>Whether it may be tried again after an error that may be over by then.</summary>
    public bool MayRetry() => Interlocked.Increment(ref _retries) < MostTries;

    public CopyTask Take()
    {
        _underWay++;
        if (_ranges is null)
        {
            IsOpening = true;
            return new CopyTask(this, null);
        }
        var range = _ranges.Dequeue();
        BytesLeft -= range.Bytes;
        return new CopyTask(this, range);
    }

    public void Open(OpenedTable opened)
    {
        (Record, Meter) = (opened.Record, opened.Meter);
        _ranges = new Queue<HeapRange>(opened.Ranges);
        BytesLeft = opened.Ranges.Sum(r => r.Bytes);
        IsOpening = false;
    }

    public void End(CopyTask task, bool isDone)
    {
        _underWay--;
        IsOpening = false;
        if (isDone || task.Range is not { } range) return;
        _ranges!.Enqueue(range);
        BytesLeft += range.Bytes;
    }

    /// <summary>The first error counts; what else is under way of the table is to end.</summary>
    public void Fail(Exception failure) => Failure ??= failure;

    public void CancelRanges() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
