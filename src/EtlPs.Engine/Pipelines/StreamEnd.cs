namespace EtlPs.Engine.Pipelines;

/// <summary>Why a stream ended without an error.</summary>
public enum StreamEnd
{
    /// <summary>Somebody stopped it.</summary>
    Stopped,

    /// <summary>The WAL end taken at the start was reached.</summary>
    CaughtUp,

    /// <summary>The wanted LSN was reached.</summary>
    LsnReached,

    /// <summary>The time was over.</summary>
    DurationOver,
}
