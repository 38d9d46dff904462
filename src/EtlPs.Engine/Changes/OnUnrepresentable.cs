namespace EtlPs.Engine.Changes;

/// <summary>What becomes of a value that DuckDB's type cannot hold exactly. It is never changed in silence.</summary>
public enum OnUnrepresentable
{
    /// <summary>
    /// It is the table's error, which names table, column and key; the run does with it what it was told to.
    /// </summary>
    Error,

    /// <summary>
    /// Columns whose type has such values are VARCHAR from the start, in the form of the type's own output function.
    /// </summary>
    Text,

    /// <summary>
    /// NULL is written, and the loss recorded with it. Never in a key: there it is the table's error.
    /// </summary>
    Null,

    /// <summary>The table is set aside, also by a run that is to end with a table's error.</summary>
    Quarantine,

    /// <summary>
    /// A numeric is rounded to the nearest that the type holds, and the loss recorded with it; what has no nearest is
    /// the table's error. Never in a key, where two could become one.
    /// </summary>
    Round,
}
