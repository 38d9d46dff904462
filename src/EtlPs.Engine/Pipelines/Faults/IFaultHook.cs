namespace EtlPs.Engine.Pipelines.Faults;

/// <summary>What tests break a run with. In a user's run nothing listens.</summary>
internal interface IFaultHook
{
    /// <summary>Called when a run comes to a step; may throw, or kill the process.</summary>
    void Reached(FaultPoint point);
}
