using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>What is told, or refused, once a run knows how both sides look, and before it changes anything.</summary>
internal static class RunStart
{
    /// <exception cref="Errors.EtlException">A table cannot be copied, and the run is to end for that.</exception>
    public static void Check(PipelineRun run, Survey survey)
    {
        foreach (var warning in survey.Warnings) run.Tell(warning, MilestoneLevel.Warning);
        if (run.OnTableError == OnTableError.Stop && survey.Tables.FirstOrDefault(t => t.Problem is not null)?.Problem is { } problem)
            throw problem;
    }
}
