using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>
/// A parent activity for the pipeline, a child for each table that is being copied; at most four a second.
/// </summary>
internal sealed class ProgressTree
{
    private const int ParentId = 1;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly IRunOutput _output;
    private readonly ProgressRecord _parent;
    private readonly CopyTotals _totals;
    private readonly Dictionary<TableName, ProgressRecord> _children = [];
    private readonly HashSet<ProgressRecord> _pending = [];
    private readonly Stopwatch _sinceFlush = new();
    private int _lastId = ParentId;

    public ProgressTree(IRunOutput output, PipelinePlan plan)
    {
        _output = output;
        _parent = new ProgressRecord(ParentId, $"{plan.Operation} of {plan.Pipeline}", "Starting");
        _totals = new CopyTotals(plan);
    }

    /// <summary>The copy of a table begins, or begins again.</summary>
    public void Begin(TableName table)
    {
        _totals.Begin(table);
        var child = Child(table);
        child.RecordType = ProgressRecordType.Processing;
        _pending.Add(child);
        UpdateParent();
    }

    public void Update(TableCopyProgress progress)
    {
        _totals.Update(progress);
        var child = Child(progress.Table);
        child.StatusDescription = Describe(progress.Rows, progress.Bytes, progress.RowsPerSecond);
        child.PercentComplete = Percent(progress.Fraction);
        child.SecondsRemaining = Seconds(progress.Remaining);
        if (progress.Completed)
            child.RecordType = ProgressRecordType.Completed;
        _pending.Add(child);
        UpdateParent();
    }

    /// <summary>Nothing more comes of a table.</summary>
    public void End(TableName table)
    {
        _totals.End(table);
        // One that a stream sets aside is not being copied.
        if (!_children.TryGetValue(table, out var child) || child.RecordType == ProgressRecordType.Completed)
            return;
        child.RecordType = ProgressRecordType.Completed;
        _pending.Add(child);
        UpdateParent();
    }

    public void Update(StreamProgress progress)
    {
        _parent.StatusDescription = string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.Transactions:#,0} transactions, {progress.Changes:#,0} changes")
            + $" ({EtlFormat.Count(progress.ChangesPerSecond)}/s)";
        _parent.CurrentOperation = $"at {progress.Position}, {EtlFormat.Bytes(progress.LagBytes)} behind";
        _parent.PercentComplete = -1;
        _parent.SecondsRemaining = -1;
        _pending.Add(_parent);
    }

    /// <summary>Writes what has changed, unless the last time was less than a quarter of a second ago.</summary>
    public void Flush()
    {
        if (_pending.Count == 0 || (_sinceFlush.IsRunning && _sinceFlush.Elapsed < Interval))
            return;
        _sinceFlush.Restart();
        _pending.Remove(_parent);
        Write(_parent);
        foreach (var child in _pending)
            Write(child);
        _pending.Clear();
    }

    /// <summary>Takes every activity off the screen.</summary>
    public void Complete()
    {
        if (!_sinceFlush.IsRunning)
            return;
        foreach (var child in _children.Values)
            if (child.RecordType == ProgressRecordType.Processing || _pending.Contains(child))
                Complete(child);
        Complete(_parent);
    }

    private void Complete(ProgressRecord record)
    {
        record.RecordType = ProgressRecordType.Completed;
        Write(record);
    }

    /// <summary>A copy, for hosts and jobs keep what they are given.</summary>
    private void Write(ProgressRecord record) =>
        _output.Progress(new ProgressRecord(record.ActivityId, record.Activity, record.StatusDescription)
        {
            ParentActivityId = record.ParentActivityId,
            CurrentOperation = record.CurrentOperation,
            PercentComplete = record.PercentComplete,
            SecondsRemaining = record.SecondsRemaining,
            RecordType = record.RecordType,
        });

    private ProgressRecord Child(TableName table)
    {
        if (!_children.TryGetValue(table, out var child))
        {
            child = new ProgressRecord(++_lastId, table.ToString(), "Starting") { ParentActivityId = ParentId };
            _children.Add(table, child);
        }
        return child;
    }

    private void UpdateParent()
    {
        _parent.StatusDescription = string.Create(
            CultureInfo.InvariantCulture, $"{_totals.TablesOver} of {_totals.Tables} tables, ")
            + Describe(_totals.Rows, _totals.Bytes, _totals.RowsPerSecond);
        _parent.PercentComplete = Percent(_totals.Fraction);
        _parent.SecondsRemaining = Seconds(_totals.Remaining);
        _pending.Add(_parent);
    }

    private static string Describe(long rows, long bytes, double rowsPerSecond) =>
        $"{EtlFormat.Count(rows)} rows, {EtlFormat.Bytes(bytes)}, {EtlFormat.Count(rowsPerSecond)} rows/s";

    private static int Percent(double? fraction) => fraction is { } known ? (int)(Math.Clamp(known, 0, 1) * 100) : -1;

    private static int Seconds(TimeSpan? time) =>
        time is { } known ? (int)Math.Min(known.TotalSeconds, int.MaxValue) : -1;
}
