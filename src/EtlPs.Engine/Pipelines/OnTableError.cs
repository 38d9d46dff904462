namespace EtlPs.Engine.Pipelines;

/// <summary>What a run does when one table cannot go on.</summary>
public enum OnTableError
{
    /// <summary>Sets the table aside with its error; the others go on.</summary>
    Quarantine,

    /// <summary>
    /// Ends the run with the table's error. What was stored before stays and nothing of the failing transaction is
    /// stored, so that the next run goes on without loss once the cause is mended.
    /// </summary>
    Stop,
}
