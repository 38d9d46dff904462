namespace EtlPs.Commands;

/// <summary>What can be waited for.</summary>
public enum EtlPipelineState
{
    /// <summary>All of its tables are visible at the destination and follow the pipeline's position.</summary>
    Ready,

    /// <summary>A backfill, stream or reset of it is under way.</summary>
    Running,

    /// <summary>None is.</summary>
    Stopped,
}
