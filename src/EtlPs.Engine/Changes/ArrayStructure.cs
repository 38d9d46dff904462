namespace EtlPs.Engine.Changes;

/// <summary>An array.</summary>
/// <param name="Element">Its elements' type, with the modifier of the array.</param>
/// <param name="Dimensions">
/// As many as were declared, at least 1. Postgres takes values of any other number too: only a hint to it, and to us
/// what the column's values must have.
/// </param>
public sealed record ArrayStructure(PostgresType Element, int Dimensions) : TypeStructure
{
    /// <summary>What stands between two elements in its text: a comma, but for box and types of extensions.</summary>
    public char Delimiter { get; init; } = ',';

    private protected override IEnumerable<PostgresType> FindParts() => [Element];
}
