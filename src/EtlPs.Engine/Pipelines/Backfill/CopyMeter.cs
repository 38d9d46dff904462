using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>Counts a table's copy, by however many workers, and reports it at most four times a second.</summary>
/// <param name="observer">Who is told.</param>
/// <param name="table">The source table.</param>
/// <param name="heapBytes">Its size: what the fraction is measured by, since COPY's own size is not known beforehand.</param>
/// <param name="rowsBefore">Rows that an earlier run has stored.</param>
/// <param name="bytesBefore">Bytes that it has read for them.</param>
internal sealed class CopyMeter(
    IPipelineObserver observer, TableName table, long heapBytes, long rowsBefore = 0, long bytesBefore = 0)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private readonly long _begun = Stopwatch.GetTimestamp();
    private long _rows;
    private long _bytes;
    private long _reported = Stopwatch.GetTimestamp();

    public long Rows => rowsBefore + Interlocked.Read(ref _rows);

    public long Bytes => bytesBefore + Interlocked.Read(ref _bytes);

    /// <summary>Adds what was read; less than nothing takes back what was not stored.</summary>
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
        var fraction = completed ? 1 : FractionOf(Bytes);
        var copied = fraction - FractionOf(bytesBefore);
        TimeSpan? remaining = copied > 0.01 ? elapsed * ((1 - fraction!.Value) / copied.Value) : null;
        return new TableCopyProgress(
            table, Rows, Bytes, fraction, _rows / Math.Max(elapsed.TotalSeconds, 0.001), remaining, completed);
    }

    private double? FractionOf(long bytes) => heapBytes > 0 ? Math.Min(0.99, (double)bytes / heapBytes) : null;
}
