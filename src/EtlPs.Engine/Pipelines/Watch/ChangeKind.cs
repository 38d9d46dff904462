namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>What was done to a row, or to a whole table.</summary>
public enum ChangeKind
{
    /// <summary>A new row.</summary>
    Insert,

    /// <summary>Another version of a row.</summary>
    Update,

    /// <summary>A row is gone.</summary>
    Delete,

    /// <summary>All rows of the table are gone.</summary>
    Truncate,
}
