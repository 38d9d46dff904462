namespace EtlPs.Commands;

/// <summary>What a run does when one table cannot go on.</summary>
public enum EtlTableErrorAction
{
    /// <summary>Sets the table aside with its error; the others go on.</summary>
    Quarantine,

    /// <summary>Ends the run with the table's error, before anything of the failing transaction is stored.</summary>
    Stop,
}
