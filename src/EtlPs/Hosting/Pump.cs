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
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var queue = new EventQueue();
        var task = Task.Run(() => work(queue, cancel.Token), CancellationToken.None);
        try
        {
            while (!task.IsCompleted)
            {
                _ = Task.WaitAny([task, queue.Changed], Tick);
                drain(queue);
            }
            drain(queue);
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
