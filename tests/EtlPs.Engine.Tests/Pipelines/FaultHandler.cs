using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Does something at each step that a run comes to.</summary>
internal sealed class FaultHandler(Action<FaultPoint> handle) : IFaultHook
{
    public void Reached(FaultPoint point) => handle(point);
}
