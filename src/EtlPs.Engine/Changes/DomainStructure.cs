namespace EtlPs.Engine.Changes;

/// <summary>A domain: its values are its base type's.</summary>
/// <param name="Base">The type that it narrows, with the domain's own modifier and dimensions.</param>
public sealed record DomainStructure(PostgresType Base) : TypeStructure
{
    private protected override IEnumerable<PostgresType> FindParts() => [Base];
}
