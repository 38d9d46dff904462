using System.Diagnostics;
using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Testing.Crashes;

/// <summary>Kills its own process, as <c>kill -9</c> does, when a run comes to a step for the n-th time.</summary>
internal sealed class SelfKill(FaultPoint? step, int occurrence) : IFaultHook
{
    private int _reached;

    public void Reached(FaultPoint point)
    {
        if (point == step && Interlocked.Increment(ref _reached) == occurrence) Now();
    }

    /// <summary>Nothing of this process runs after it: no finally, no flush.</summary>
    public static void Now()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
