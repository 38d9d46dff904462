using System.Diagnostics;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// When a batch is closed. A source that pauses closes it at once, for latency; a busy one lets it grow at least
/// three times as long as the last batch took to apply, so that applying takes a third of the time; its size has a
/// bound.
/// </summary>
internal sealed class BatchPacing
{
    private static readonly TimeSpan ShortestBatch = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestBatch = TimeSpan.FromSeconds(1);
    private const int TimesOfApply = 3;

    private long _begun;
    private TimeSpan _age = ShortestBatch;

    /// <summary>The weight at which a batch is closed even in the middle of a transaction.</summary>
    public const long LargestBatch = 16 << 20;

    /// <summary>
    /// For how long nothing has to come before the source counts as idle: longer than changes gather in the network's
    /// buffers, or a busy source would look idle all the time.
    /// </summary>
    public static readonly TimeSpan Lull = TimeSpan.FromMilliseconds(5);

    /// <summary>The weight from which on a part of a transaction is worth a scan of its table's keys.</summary>
    public const long PartOfTransaction = 12 << 20;

    /// <summary>Whether the batch being filled has waited long enough, at the end of a transaction.</summary>
    public bool IsDue => _begun != 0 && Stopwatch.GetElapsedTime(_begun) >= _age;

    /// <summary>Notes that the batch has something in it now.</summary>
    public void Begin()
    {
        if (_begun == 0) _begun = Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that the batch was handed over.</summary>
    public void End() => _begun = 0;

    /// <summary>Notes how long a batch took to apply.</summary>
    public void Applied(TimeSpan elapsed)
    {
        var age = elapsed * TimesOfApply;
        _age = age < ShortestBatch ? ShortestBatch : age < LongestBatch ? age : LongestBatch;
    }
}
