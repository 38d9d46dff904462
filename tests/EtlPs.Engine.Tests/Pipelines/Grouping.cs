namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>How the steps of a test reach the destination; what comes out must not depend on it.</summary>
public enum Grouping
{
    /// <summary>All steps are one transaction.</summary>
    OneTransaction,

    /// <summary>A transaction each, streamed together.</summary>
    OneStream,

    /// <summary>A transaction each, each streamed and stored before the next.</summary>
    StreamEach,
}
