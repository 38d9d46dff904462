namespace EtlPs.Engine.Pipelines.Faults;

/// <summary>Nothing breaks on purpose.</summary>
internal sealed class NoFaults : IFaultHook
{
    public void Reached(FaultPoint point)
    {
    }
}
