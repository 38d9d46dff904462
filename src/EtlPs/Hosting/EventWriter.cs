using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Errors;

namespace EtlPs.Hosting;

/// <summary>Turns a run's events into PowerShell's streams. Used from one thread at a time.</summary>
internal sealed class EventWriter(IRunOutput output, PipelinePlan plan)
{
    private readonly ProgressTree _progress = new(output, plan);
    private readonly HashSet<TableName> _failed = [];

    public void Write(IReadOnlyList<PipelineEvent> events)
    {
        foreach (var pipelineEvent in events)
            Write(pipelineEvent);
        _progress.Flush();
    }

    /// <summary>The results, then the errors of tables that no event has told of yet.</summary>
    public void Write(RunOutcome outcome)
    {
        foreach (var result in outcome.Results)
            output.Result(result);
        foreach (var (table, error) in outcome.Failures)
            WriteFailure(table, error);
    }

    public void Complete() => _progress.Complete();

    private void Write(PipelineEvent pipelineEvent)
    {
        switch (pipelineEvent)
        {
            case TableCopyProgress copy:
                _progress.Update(copy);
                break;
            case StreamProgress stream:
                _progress.Update(stream);
                break;
            case TableStateChanged { State: TableState.SetAside, Error: { } error } changed:
                WriteFailure(changed.Table, error);
                _progress.End(changed.Table);
                break;
            case TableStateChanged changed:
                if (changed.State == TableState.Copying)
                    _progress.Begin(changed.Table);
                output.Verbose($"{changed.Table} is {changed.State} now.");
                break;
            case Milestone milestone:
                Write(milestone);
                break;
        }
    }

    private void Write(Milestone milestone)
    {
        switch (milestone.Level)
        {
            case MilestoneLevel.Debug:
                output.Debug(milestone.Message);
                break;
            case MilestoneLevel.Verbose:
                output.Verbose(milestone.Message);
                break;
            case MilestoneLevel.Warning when plan.Warnings.Contains(milestone.Message):
                break; // Said before the run was agreed to.
            case MilestoneLevel.Warning:
                output.Warning(milestone.Message);
                break;
            default:
                output.Information(milestone.Message);
                break;
        }
    }

    private void WriteFailure(TableName table, EtlException error)
    {
        if (_failed.Add(table))
            output.Error(EtlErrors.Record(error, table.ToString()));
    }
}
