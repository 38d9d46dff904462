using System.Management.Automation;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>
/// Makes a pipeline's publication, and gives a role what it needs to run the pipeline: what a DBA does once.
/// </summary>
[Cmdlet(VerbsData.Initialize, "EtlPipeline", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(void), typeof(EtlPlan), typeof(string))]
public sealed class InitializeEtlPipelineCommand : EtlRunCommand
{
    /// <summary>The same database as a role that may do it; else the pipeline's own source.</summary>
    [Parameter]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource? Source { get; set; }

    /// <summary>The role that will run the pipeline, by its exact name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Role { get; set; }

    /// <summary>Do nothing, and return the statements as text, for somebody else to run.</summary>
    [Parameter]
    public SwitchParameter AsScript { get; set; }

    private protected override IPipelineRun CreateRun(RegisteredPipeline pipeline) => Guard(
        () => Source is null || Source.Database == pipeline.Source.Database
            ? new InitializationRun(pipeline, Source, Role)
            : throw EtlErrors.InvalidArgument(
                $"-Source is database {Source.Database}, and pipeline {pipeline.Name} is of "
                + $"{pipeline.Source.Database}.",
                "Name the pipeline's own database, as another role."),
        pipeline.Name);

    private protected override void Process(RegisteredPipeline pipeline)
    {
        if (!AsScript)
        {
            base.Process(pipeline);
            return;
        }
        var plan = Await(CreateRun(pipeline).PlanAsync, pipeline.Name);
        foreach (var warning in plan.Warnings)
            WriteWarning(warning);
        foreach (var effect in plan.Effects)
            WriteObject($"{effect.Statement};");
    }
}
