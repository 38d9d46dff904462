namespace EtlPs.Engine.Sources;

/// <summary>What can be selected from as a table can.</summary>
public enum SourceTableKind
{
    /// <summary>An ordinary table, or a partition.</summary>
    Table,

    /// <summary>A partitioned table, with all of its partitions.</summary>
    PartitionedTable,

    /// <summary>A view.</summary>
    View,

    /// <summary>A materialized view.</summary>
    MaterializedView,

    /// <summary>A table of another server.</summary>
    ForeignTable,
}
