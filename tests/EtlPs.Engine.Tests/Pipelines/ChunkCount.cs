using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Counts chunks of open transactions, and tells whoever waits for one.</summary>
internal sealed class ChunkCount : IFaultHook
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _chunks;

    public int Chunks => Volatile.Read(ref _chunks);

    /// <summary>A chunk has been kept aside.</summary>
    public Task First => _first.Task;

    public void Reached(FaultPoint point)
    {
        if (point != FaultPoint.ChunkSpooled) return;
        Interlocked.Increment(ref _chunks);
        _first.TrySetResult();
    }
}
