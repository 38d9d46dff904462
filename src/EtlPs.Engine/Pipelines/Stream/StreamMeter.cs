using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>Counts what a stream has stored and reports it at most four times a second.</summary>
internal sealed class StreamMeter(IPipelineObserver observer)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private long _reported;
    private long _changesReported;

    public long Transactions { get; private set; }

    public long Changes { get; private set; }

    /// <summary>Commit time of the last stored transaction.</summary>
    public DateTimeOffset? LastCommit { get; private set; }

    /// <summary>WAL beyond the stored position, as the server told it last.</summary>
    public long LagBytes { get; private set; }

    public void Stored(int transactions, int changes, DateTimeOffset? commitTime)
    {
        Transactions += transactions;
        Changes += changes;
        LastCommit = commitTime ?? LastCommit;
    }

    public void Report(Lsn position, Lsn serverPosition, bool always = false)
    {
        LagBytes = serverPosition > position ? serverPosition - position : 0;
        var elapsed = _reported == 0 ? Interval : Stopwatch.GetElapsedTime(_reported);
        if (elapsed < Interval && !always) return;
        var rate = (Changes - _changesReported) / Math.Max(elapsed.TotalSeconds, 0.001);
        _reported = Stopwatch.GetTimestamp();
        _changesReported = Changes;
        observer.Post(new StreamProgress(Transactions, Changes, position, LagBytes, rate, LastCommit));
    }
}
