using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Watch;

namespace EtlPs.Hosting;

/// <summary>
/// Lets the engine work on its own threads while the pipeline thread, the only one that may write, waits for its
/// events.
/// </summary>
internal static class Pump
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RestBound = TimeSpan.FromSeconds(30);

    /// <summary>Runs the work to its end; <paramref name="drain"/> is called on this thread while it runs.</summary>
    public static T Run<T>(
        Func<EventQueue, CancellationToken, Task<T>> work,
        Action<EventQueue> drain,
        CancellationToken stopping)
    {
        var queue = new EventQueue();
        return Drive(cancel => work(queue, cancel), () => queue.Changed, () => drain(queue), stopping);
    }

    /// <summary>
    /// Runs work that tells events one by one, each of which <paramref name="take"/> gets on this thread; the work
    /// waits where that is slow.
    /// </summary>
    public static T Each<T>(
        Func<ChangeQueue, CancellationToken, Task<T>> work, Action<PipelineEvent> take, CancellationToken stopping)
    {
        var queue = new ChangeQueue();
        var waiting = Task.FromResult(true);
        return Drive(
            cancel => work(queue, cancel),
            () => waiting.IsCompleted ? waiting = queue.WaitToReadAsync(CancellationToken.None).AsTask() : waiting,
            () =>
            {
                while (queue.TryRead(out var told))
                    take(told);
            },
            stopping);
    }

    private static T Drive<T>(
        Func<CancellationToken, Task<T>> work, Func<Task> changed, Action drain, CancellationToken stopping)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var task = Task.Run(() => work(cancel.Token), CancellationToken.None);
        try
        {
            while (!task.IsCompleted)
            {
                _ = Task.WaitAny([task, changed()], Tick);
                drain();
            }
            drain();
        }
        finally
        {
            // Also where a writer threw (a downstream `throw`, a stopped pipeline): the engine must not go on alone.
            cancel.Cancel();
            if (Task.WaitAny([task], RestBound) == 0)
                cancel.Dispose();
            _ = task.ContinueWith(
                static done => done.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
        return task.GetAwaiter().GetResult();
    }
}
