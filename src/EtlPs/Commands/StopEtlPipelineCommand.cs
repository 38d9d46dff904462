using System.Management.Automation;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Stops the jobs of this session that run a pipeline, and waits until they are at rest.</summary>
[Cmdlet(VerbsLifecycle.Stop, "EtlPipeline", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopEtlPipelineCommand : EtlPipelineCommand
{
    private const string Probe = "SELECT 1";

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var jobs = Registry.RunningJobs(pipeline);
        foreach (var job in jobs)
            if (ShouldProcess($"pipeline {pipeline.Name} (job {job.Id})", "Stop"))
                Await(job.StopAsync, pipeline.Name);
        if (jobs.Count == 0 && !Registry.IsInUse(pipeline.Destination.Path) && File.Exists(pipeline.Destination.Path))
            TellOwnerElsewhere(pipeline);
    }

    /// <summary>
    /// A run of another session cannot be stopped from here; its lock on the file tells host and process.
    /// </summary>
    private void TellOwnerElsewhere(RegisteredPipeline pipeline)
    {
        try
        {
            EngineHost.RequireDuckDb();
            _ = Pump.Run((_, cancel) => pipeline.Pipeline.QueryAsync(Probe, cancel), static _ => { }, StopToken);
        }
        catch (EtlException locked) when (locked.Code == EtlErrorCode.DestinationLocked)
        {
            WriteError(EtlErrors.Record(locked, pipeline.Name));
        }
        catch (EtlException other)
        {
            WriteVerbose($"{pipeline.Name} does not run here. {other.Message}");
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }
}
