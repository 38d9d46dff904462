using System.Management.Automation;

namespace EtlPs.Hosting;

/// <summary>Where a run's words go: a cmdlet's streams, or a job's.</summary>
internal interface IRunOutput
{
    void Result(object result);

    void Error(ErrorRecord error);

    void Warning(string text);

    void Verbose(string text);

    void Debug(string text);

    void Information(string text);

    void Progress(ProgressRecord record);
}
