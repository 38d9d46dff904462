using System.Management.Automation;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Stops the jobs of this session that run a pipeline, and waits until they are at rest.</summary>
[Cmdlet(VerbsLifecycle.Stop, "EtlPipeline", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopEtlPipelineCommand : EtlPipelineCommand
{
    private protected override void Process(RegisteredPipeline pipeline)
    {
        foreach (var job in Registry.RunningJobs(pipeline))
            if (ShouldProcess($"pipeline {pipeline.Name} (job {job.Id})", "Stop"))
                Await(job.StopAsync, pipeline.Name);
    }
}
