namespace EtlPs.Testing.Crashes;

/// <summary>What a pipeline in a process of its own does.</summary>
public enum PipelineOperation
{
    /// <summary>Copies.</summary>
    Backfill,

    /// <summary>Streams, and ends when it has caught up.</summary>
    CatchUp,

    /// <summary>Streams until it is killed.</summary>
    Follow,

    /// <summary>Streams, and copies all tables again meanwhile.</summary>
    FollowAndReset,
}
