using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Hosting;

/// <summary>
/// Takes the engine's events from any thread until the one thread that may write takes them out. Of progress only each
/// table's latest stays, so that a slow reader costs no memory; what else comes is never dropped, but for protocol
/// details beyond a bound.
/// </summary>
internal sealed class EventQueue : IPipelineObserver
{
    private const int DetailBound = 4096;
    private const string StreamKey = "";

    private readonly object _gate = new();
    private readonly Queue<PipelineEvent> _events = new();
    private readonly Dictionary<string, PipelineEvent> _progress = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when something is there to take.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    public void Post(PipelineEvent pipelineEvent)
    {
        lock (_gate)
        {
            switch (pipelineEvent)
            {
                case TableCopyProgress progress:
                    _progress[progress.Table.Quoted] = progress;
                    return;
                case StreamProgress:
                    _progress[StreamKey] = pipelineEvent;
                    return;
                case Milestone { Level: MilestoneLevel.Debug } when _events.Count >= DetailBound:
                    return;
                default:
                    _events.Enqueue(pipelineEvent);
                    _changed.TrySetResult();
                    return;
            }
        }
    }

    /// <summary>Takes all that is there, progress last.</summary>
    public IReadOnlyList<PipelineEvent> Take()
    {
        lock (_gate)
        {
            PipelineEvent[] taken = [.. _events, .. _progress.Values];
            _events.Clear();
            _progress.Clear();
            if (_changed.Task.IsCompleted)
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return taken;
        }
    }
}
