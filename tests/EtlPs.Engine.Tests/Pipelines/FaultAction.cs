using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Does something when a run comes to a step for the first time.</summary>
internal sealed class FaultAction(FaultPoint step, Action action) : IFaultHook
{
    private int _reached;

    public void Reached(FaultPoint point)
    {
        if (point == step && Interlocked.Increment(ref _reached) == 1) action();
    }
}
