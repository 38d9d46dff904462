namespace EtlPs.Engine.Pipelines;

/// <summary>Where a table of a pipeline stands.</summary>
public enum TableState
{
    /// <summary>Known, nothing copied.</summary>
    Pending,

    /// <summary>Being copied under its hidden name.</summary>
    Copying,

    /// <summary>Copied under its hidden name; shown once the position has passed the LSN of its copy.</summary>
    CatchingUp,

    /// <summary>Visible, and as of the pipeline's position.</summary>
    Ready,

    /// <summary>Stopped at its last LSN by an error; the other tables go on.</summary>
    SetAside,
}
