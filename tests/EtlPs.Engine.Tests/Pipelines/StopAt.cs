using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Stops a run when it comes to a step for the n-th time.</summary>
internal sealed class StopAt(FaultPoint step, int occurrence) : IFaultHook, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _reached;

    public CancellationToken Token => _stop.Token;

    public void Reached(FaultPoint point)
    {
        if (point == step && Interlocked.Increment(ref _reached) == occurrence) _stop.Cancel();
    }

    public void Dispose() => _stop.Dispose();
}
