namespace EtlPs.Engine.Pipelines.Events;

/// <summary>Something a run tells whoever watches it. Posted from any thread.</summary>
public abstract record PipelineEvent;
