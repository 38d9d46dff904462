using System.Management.Automation;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>
/// Drops the slot and publication that a pipeline made and forgets its state; the copied tables stay.
/// </summary>
[Cmdlet(VerbsCommon.Remove, "EtlPipeline", DefaultParameterSetName = NameSet, SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void), typeof(EtlPlan))]
public sealed class RemoveEtlPipelineCommand : EtlRunCommand
{
    private protected override IPipelineRun CreateRun(RegisteredPipeline pipeline) => new RemovalRun(pipeline);

    private protected override void Completed(RegisteredPipeline pipeline) => Registry.Remove(pipeline.Name);
}
