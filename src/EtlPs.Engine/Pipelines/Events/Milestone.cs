namespace EtlPs.Engine.Pipelines.Events;

/// <summary>Something worth a line: the slot was created, the stream has begun, a table was shown.</summary>
public sealed record Milestone(string Message, MilestoneLevel Level = MilestoneLevel.Information) : PipelineEvent;
