namespace EtlPs.Engine.Changes;

/// <summary>One column that is copied and streamed.</summary>
/// <param name="AttributeNumber">attnum: with the table's oid, the column's identity through renames.</param>
/// <param name="Name">The name, exactly.</param>
/// <param name="Type">The type.</param>
/// <param name="NotNull">Whether the source refuses NULL.</param>
public sealed record ColumnSchema(short AttributeNumber, string Name, PostgresType Type, bool NotNull)
{
    /// <summary>How it goes to the destination.</summary>
    internal ColumnCarriage Carriage { get; init; } = ColumnCarriage.Default;

    /// <summary>xmin of its row in pg_attribute: whatever alters the column changes it; 0: nobody noted it.</summary>
    internal uint AlteredBy { get; init; }

    /// <summary>The name at the destination.</summary>
    internal string DestinationName => Carriage.Name ?? Name;
}
