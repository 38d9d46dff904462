using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Does something when a run comes to a step for the first time, or the n-th.</summary>
internal sealed class FaultAction(FaultPoint step, Action action, int occurrence = 1) : IFaultHook
{
    private int _reached;

    public void Reached(FaultPoint point)
    {
        if (point == step && Interlocked.Increment(ref _reached) == occurrence) action();
    }
}
