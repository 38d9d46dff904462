using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>Counts a table's copy and reports it at most four times a second.</summary>
/// <param name="heapBytes">The heap's size: what the fraction is measured by, since COPY's own size is not known beforehand.</param>
internal sealed class CopyMeter(IPipelineObserver observer, TableName table, long heapBytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly long _begun = Stopwatch.GetTimestamp();
    private long _reported = Stopwatch.GetTimestamp();

    public long Rows { get; private set; }

    public long Bytes { get; private set; }

    public void Add(long rows, long bytes)
    {
        Rows += rows;
        Bytes += bytes;
        if (Stopwatch.GetElapsedTime(_reported) >= Interval) Report(completed: false);
    }

    public void Complete() => Report(completed: true);

    private void Report(bool completed)
    {
        _reported = Stopwatch.GetTimestamp();
        var elapsed = Stopwatch.GetElapsedTime(_begun);
        double? fraction = completed ? 1 : heapBytes > 0 ? Math.Min(0.99, (double)Bytes / heapBytes) : null;
        TimeSpan? remaining = fraction is > 0.01 ? elapsed * ((1 - fraction.Value) / fraction.Value) : null;
        observer.Post(new TableCopyProgress(
            table, Rows, Bytes, fraction, Rows / Math.Max(elapsed.TotalSeconds, 0.001), remaining, completed));
    }
}
