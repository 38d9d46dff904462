using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Lists the pipelines of this session, with what their destinations know of them.</summary>
[Cmdlet(VerbsCommon.Get, "EtlPipeline")]
[OutputType(typeof(EtlPipeline))]
public sealed class GetEtlPipelineCommand : EtlCommand
{
    /// <summary>Names, with wildcards; without it, all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PipelineNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Name)
        {
            var found = Registry.Match(name);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(EtlErrors.Record(EtlErrors.NotFound(name), name));
            foreach (var pipeline in found)
                WriteObject(new EtlPipeline(pipeline, ReadStatus(pipeline)));
        }
    }

    /// <summary>The definition is shown even where the destination cannot be read.</summary>
    private PipelineStatus? ReadStatus(RegisteredPipeline pipeline)
    {
        try
        {
            EngineHost.RequireDuckDb();
            return Pump.Run(
                (_, cancellationToken) => pipeline.Pipeline.ReadStatusAsync(cancellationToken),
                static _ => { },
                StopToken);
        }
        catch (EtlException locked) when (locked.Code == EtlErrorCode.DestinationLocked)
        {
            WriteWarning($"How far pipeline {pipeline.Name} is cannot be read now. {locked.Message}");
            return null;
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception failure) when (IsOwn(failure))
        {
            WriteError(EtlErrors.Record(failure, pipeline.Name));
            return null;
        }
    }
}
