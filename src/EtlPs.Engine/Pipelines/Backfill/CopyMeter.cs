using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Counts a table's copy, by however many workers, and reports it at most four times a second. How far it has come is
/// told by the table's own bytes, large values included, of the ranges that are in. COPY's bytes may be many more,
/// where values are compressed: within a range they count by what the ranges before have taken.
/// </summary>
/// <param name="observer">Who is told.</param>
/// <param name="table">The source table.</param>
/// <param name="tableBytes">The table's size; 0: nobody knows.</param>
/// <param name="leftBytes">That of the ranges which are still to come.</param>
/// <param name="known">What an earlier run has stored.</param>
internal sealed class CopyMeter(
    IPipelineObserver observer, TableName table, long tableBytes, long leftBytes, IReadOnlyList<RangeRecord> known)
{
    // Below it, what is left is a guess.
    private const double LeastFraction = 0.01;

    // What is not committed is not done.
    private const double MostOfUnfinished = 0.99;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly long _rowsBefore = known.Sum(r => r.Rows);
    private readonly long _inBefore = Math.Max(0, tableBytes - leftBytes);
    private readonly long _total = Math.Max(tableBytes, leftBytes);
    private long _reported = Stopwatch.GetTimestamp();
    private long _rows;

    // Read from the source, and how much of that for ranges that are in.
    private long _bytes = known.Sum(r => r.Bytes);
    private long _bytesIn = known.Sum(r => r.Bytes);

    // Of the table's own bytes: what is in, and what the ranges under way are of.
    private long _in = Math.Max(0, tableBytes - leftBytes);
    private long _underWay;

    public long Rows
    {
        get
        {
            lock (_gate) return _rowsBefore + _rows;
        }
    }

    /// <summary>Bytes read from the source.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate) return _bytes;
        }
    }

    /// <summary>0 to 1; null where nobody knows.</summary>
    public double? Fraction
    {
        get
        {
            lock (_gate) return FractionNow();
        }
    }

    /// <summary>
    /// Whether more was read than the ranges under way were taken for, so that nobody knows how much is left of them.
    /// </summary>
    private bool IsBeyondEstimate => Estimate() > _underWay;

    public void Begin(HeapRange range)
    {
        lock (_gate) _underWay += range.Bytes;
    }

    /// <summary>Adds what was read.</summary>
    public void Add(long rows, long bytes)
    {
        TableCopyProgress? due = null;
        lock (_gate)
        {
            _rows += rows;
            _bytes += bytes;
            if (Stopwatch.GetElapsedTime(_reported) >= Interval) due = Report(completed: false);
        }
        if (due is not null) observer.Post(due);
    }

    /// <summary>Ends a range, of which so much was read.</summary>
    /// <param name="range">The range.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="bytes">The bytes read for them.</param>
    /// <param name="isStored">False: they are taken back.</param>
    public void End(HeapRange range, long rows, long bytes, bool isStored)
    {
        lock (_gate)
        {
            _underWay -= range.Bytes;
            if (isStored)
            {
                _in += range.Bytes;
                _bytesIn += bytes;
            }
            else
            {
                _rows -= rows;
                _bytes -= bytes;
            }
        }
    }

    public void Complete()
    {
        TableCopyProgress report;
        lock (_gate) report = Report(completed: true);
        observer.Post(report);
    }

    private TableCopyProgress Report(bool completed)
    {
        _reported = Stopwatch.GetTimestamp();
        var elapsed = Stopwatch.GetElapsedTime(_begun);
        var fraction = completed ? 1 : FractionNow();
        var copied = fraction - (_total > 0 ? (double)_inBefore / _total : 0);
        TimeSpan? remaining = completed ? TimeSpan.Zero
            : copied > LeastFraction && !IsBeyondEstimate ? elapsed * ((1 - fraction!.Value) / copied.Value) : null;
        return new TableCopyProgress(
            table, _rowsBefore + _rows, _bytes, fraction, _rows / Math.Max(elapsed.TotalSeconds, 0.001), remaining,
            completed);
    }

    private double? FractionNow() => _total == 0
        ? null
        : Math.Min(MostOfUnfinished, (_in + Math.Min(Estimate(), _underWay * MostOfUnfinished)) / _total);

    /// <summary>The table's own bytes that were read of ranges under way, as far as is known.</summary>
    private double Estimate() => (_bytes - _bytesIn) * (_bytesIn > 0 && _in > 0 ? (double)_in / _bytesIn : 1);
}
