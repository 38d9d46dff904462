using System.Management.Automation;
using System.Management.Automation.Runspaces;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Hosting;
using EtlPs.Jobs;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>A cmdlet that changes something: it plans by reads only, asks for every effect, then acts.</summary>
public abstract class EtlRunCommand : EtlPipelineCommand
{
    private protected virtual bool RunsAsJob => false;

    private protected abstract IPipelineRun CreateRun(RegisteredPipeline pipeline);

    private protected virtual void Completed(RegisteredPipeline pipeline)
    {
    }

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var run = CreateRun(pipeline);
        var plan = Guard(
            () =>
            {
                EngineHost.RequireDuckDb();
                return Await(run.PlanAsync, pipeline.Name);
            },
            pipeline.Name);
        foreach (var warning in plan.Warnings)
            WriteWarning(warning);
        if (IsWhatIf)
            Preview(plan);
        else if (!plan.Effects.All(Ask))
            WriteVerbose($"Nothing was done with {pipeline.Name}: not every step was agreed to.");
        else if (RunsAsJob)
            WriteObject(StartJob(run, plan));
        else
            Execute(run, plan);
    }

    private EtlJob StartJob(IPipelineRun run, PipelinePlan plan)
    {
        var job = new EtlJob(run, plan, $"{MyInvocation.MyCommand.Name} -Name {run.Target.Name}");
        JobRepository.Add(job);
        Registry.Add(job);
        job.Start(Runspace.DefaultRunspace);
        return job;
    }

    private void Execute(IPipelineRun run, PipelinePlan plan)
    {
        var output = new CommandOutput(this);
        var writer = new EventWriter(output, plan);
        try
        {
            var outcome = Guard(
                () => Pump.Run(run.ExecuteAsync, queue => writer.Write(queue.Take()), StopToken), run.Target.Name);
            Completed(run.Target);
            writer.Write(outcome);
        }
        finally
        {
            writer.Complete();
        }
    }
}
