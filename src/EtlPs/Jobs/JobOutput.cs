using System.Management.Automation;
using EtlPs.Hosting;

namespace EtlPs.Jobs;

/// <summary>
/// The streams of a job. A stream may run for months without anybody receiving it, so each keeps its latest records
/// only; results are few (one for each table or run) and all stay.
/// </summary>
internal sealed class JobOutput(Job job) : IRunOutput
{
    private const int RecordsKept = 1000;
    private const int ProgressKept = 100;
    private static readonly string[] Tags = ["EtlPs"];

    private volatile string _lastMessage = "";

    /// <summary>What was said last.</summary>
    public string LastMessage => _lastMessage;

    public void Result(object result) => job.Output.Add(PSObject.AsPSObject(result));

    public void Error(ErrorRecord error)
    {
        _lastMessage = error.ToString();
        Add(job.Error, error, RecordsKept);
    }

    public void Warning(string text)
    {
        _lastMessage = text;
        Add(job.Warning, new WarningRecord(text), RecordsKept);
    }

    public void Verbose(string text) => Add(job.Verbose, new VerboseRecord(text), RecordsKept);

    public void Debug(string text) => Add(job.Debug, new DebugRecord(text), RecordsKept);

    public void Information(string text)
    {
        _lastMessage = text;
        var record = new InformationRecord(text, "EtlPs");
        record.Tags.AddRange(Tags);
        Add(job.Information, record, RecordsKept);
    }

    public void Progress(ProgressRecord record)
    {
        if (record.ParentActivityId < 0)
            _lastMessage = $"{record.Activity}: {record.StatusDescription}";
        Add(job.Progress, record, ProgressKept);
    }

    private static void Add<T>(PSDataCollection<T> stream, T record, int limit)
    {
        stream.Add(record);
        if (stream.Count <= limit)
            return;
        try
        {
            stream.RemoveAt(0);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Receive-Job emptied it in between.
        }
    }
}
