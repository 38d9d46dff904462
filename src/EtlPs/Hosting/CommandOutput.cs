using System.Management.Automation;

namespace EtlPs.Hosting;

/// <summary>The streams of a cmdlet; only for its pipeline thread.</summary>
internal sealed class CommandOutput(PSCmdlet cmdlet) : IRunOutput
{
    private static readonly string[] Tags = ["EtlPs"];

    public void Result(object result) => cmdlet.WriteObject(result);

    public void Error(ErrorRecord error) => cmdlet.WriteError(error);

    public void Warning(string text) => cmdlet.WriteWarning(text);

    public void Verbose(string text) => cmdlet.WriteVerbose(text);

    public void Debug(string text) => cmdlet.WriteDebug(text);

    public void Information(string text) => cmdlet.WriteInformation(text, Tags);

    public void Progress(ProgressRecord record)
    {
        try
        {
            cmdlet.WriteProgress(record);
        }
        catch (PipelineStoppedException) when (record.RecordType == ProgressRecordType.Completed)
        {
            // A stopped pipeline takes its activities off the screen itself.
        }
    }
}
