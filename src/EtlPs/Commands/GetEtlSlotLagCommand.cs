using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Sources;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Shows how far a pipeline's slot is behind its server. Asks Postgres only.</summary>
[Cmdlet(VerbsCommon.Get, "EtlSlotLag", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlSlotLag))]
public sealed class GetEtlSlotLagCommand : EtlPipelineCommand
{
    private const string SourceSet = "Source";

    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>The slot's own name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [ValidateNotNullOrEmpty]
    public string SlotName { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SourceSet)
            WriteLag(null, Source, SlotName);
        else
            base.ProcessRecord();
    }

    private protected override void Process(RegisteredPipeline pipeline) =>
        WriteLag(pipeline.Name, pipeline.Source, pipeline.Pipeline.Definition.EffectiveSlotName);

    private void WriteLag(string? pipeline, EtlSource source, string slotName)
    {
        var lag = Await(
            cancellationToken => new PostgresSource(source.Settings).ReadSlotLagAsync(slotName, cancellationToken),
            slotName);
        WriteObject(new EtlSlotLag(pipeline, lag));
    }
}
