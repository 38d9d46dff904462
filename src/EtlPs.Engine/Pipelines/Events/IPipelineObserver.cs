namespace EtlPs.Engine.Pipelines.Events;

/// <summary>Whoever watches a run. Called from any thread; must return at once and never throw.</summary>
public interface IPipelineObserver
{
    /// <summary>Takes one event. Progress may be dropped by a slow watcher, anything else may not.</summary>
    void Post(PipelineEvent pipelineEvent);
}
