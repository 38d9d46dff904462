namespace EtlPs.Engine.Changes;

/// <summary>
/// A type as the source's catalog has it, with all that it is made of: the type tree that a value is read by.
/// </summary>
/// <param name="Oid">The type's oid; built-in types have the same one on every server.</param>
/// <param name="Modifier">The column's typmod: -1 where there is none.</param>
/// <param name="DisplayName">What <c>format_type(oid, typmod)</c> says, for people: <c>numeric(10,2)</c>.</param>
public sealed record PostgresType(uint Oid, int Modifier, string DisplayName)
{
    /// <summary>What it is made of; null: it is a type of its own, or nobody has asked the catalog.</summary>
    public TypeStructure? Structure { get; init; }

    /// <summary>Who made it; null: it is a built-in one, or nobody has asked the catalog.</summary>
    public TypeOrigin? Origin { get; init; }

    /// <summary>
    /// Whether it has no send function of its own, so that its values come as text wherever it stands alone.
    /// </summary>
    public bool IsTextOnly { get; init; }

    /// <summary>
    /// Whether its binary form cannot be read: hstore counts the bytes of its texts before the server converts them to
    /// UTF-8.
    /// </summary>
    public bool HasUnreadableBinary { get; init; }

    /// <summary>Whether it is of a database without an encoding (SQL_ASCII), whose texts are any bytes.</summary>
    public bool IsUnencoded { get; init; }

    /// <summary>
    /// Whether it and all that it is made of have send functions whose bytes can be read. Where only something inside
    /// has no send function, that of the whole fails.
    /// </summary>
    public bool CanComeInBinary() =>
        !IsTextOnly && !HasUnreadableBinary
        && (Structure is null || Structure.Parts.All(part => part.CanComeInBinary()));
}
