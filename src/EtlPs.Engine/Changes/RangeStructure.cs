namespace EtlPs.Engine.Changes;

/// <summary>A range.</summary>
/// <param name="Bound">The type of its bounds.</param>
public sealed record RangeStructure(PostgresType Bound) : TypeStructure
{
    private protected override IEnumerable<PostgresType> FindParts() => [Bound];
}
