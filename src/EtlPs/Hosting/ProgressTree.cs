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
    private readonly Dictionary<TableName, long> _planned;
    private readonly Dictionary<TableName, TableCopyProgress> _tables = [];
    private readonly Dictionary<TableName, ProgressRecord> _children = [];
    private readonly HashSet<ProgressRecord> _pending = [];
    private readonly Stopwatch _sinceFlush = new();
    private int _lastId = ParentId;

    public ProgressTree(IRunOutput output, PipelinePlan plan)
    {
        _output = output;
        _parent = new ProgressRecord(ParentId, $"{plan.Operation} of {plan.Pipeline}", "Starting");
        _planned = plan.Tables.Where(table => table.WillCopy).ToDictionary(table => table.Source, table => table.Bytes);
    }

    public void Update(TableCopyProgress progress)
    {
        _tables[progress.Table] = progress;
        var child = Child(progress.Table);
        child.StatusDescription = string.Create(
            CultureInfo.InvariantCulture, $"{progress.Rows:#,0} rows, {progress.RowsPerSecond:#,0} rows/s");
        child.PercentComplete = progress.Fraction is { } fraction ? Percent(fraction) : -1;
        child.SecondsRemaining =
            progress.Remaining is { } remaining ? (int)Math.Min(remaining.TotalSeconds, int.MaxValue) : -1;
        if (progress.Completed)
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
        double done = 0, total = 0;
        foreach (var (table, bytes) in _planned)
        {
            total += bytes + 1;
            if (_tables.TryGetValue(table, out var progress))
                done += (bytes + 1) * (progress.Completed ? 1 : progress.Fraction ?? 0);
        }
        var finished = _tables.Values.Count(table => table.Completed);
        _parent.StatusDescription = string.Create(
            CultureInfo.InvariantCulture, $"{finished} of {Math.Max(_planned.Count, _tables.Count)} tables");
        _parent.PercentComplete = total > 0 ? Percent(done / total) : -1;
        _pending.Add(_parent);
    }

    private static int Percent(double fraction) => (int)(Math.Clamp(fraction, 0, 1) * 100);
}
