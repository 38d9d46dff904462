using System.Globalization;
using System.Management.Automation;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>Makes one line of all activities under way, no more often than an interval.</summary>
internal sealed class ProgressLine(TimeSpan interval, TimeProvider time)
{
    private readonly SortedDictionary<(long Source, int Activity), ProgressRecord> _active = [];
    private long? _last;

    /// <summary>
    /// The line to show now; empty where nothing goes on any more, null where it is too early to show one.
    /// </summary>
    public string? Next(long sourceId, ProgressRecord record)
    {
        if (record.RecordType == ProgressRecordType.Completed)
        {
            _active.Remove((sourceId, record.ActivityId));
            return _active.Count == 0 ? "" : null;
        }

        _active[(sourceId, record.ActivityId)] = record;
        if (_last is { } last && time.GetElapsedTime(last) < interval)
            return null;
        _last = time.GetTimestamp();
        return string.Join(" | ", _active.Values.Select(Describe));
    }

    private static string Describe(ProgressRecord record)
    {
        string percent = record.PercentComplete < 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" {record.PercentComplete}%");
        string left = record.SecondsRemaining < 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" ({record.SecondsRemaining} s left)");
        string status = string.IsNullOrWhiteSpace(record.StatusDescription) ? "" : ": " + record.StatusDescription;
        return $"{record.Activity}{percent}{status}{left}";
    }
}
