namespace EtlPs.Engine.Changes;

/// <summary>A multirange.</summary>
/// <param name="Range">The type of its ranges.</param>
public sealed record MultirangeStructure(PostgresType Range) : TypeStructure
{
    private protected override IEnumerable<PostgresType> FindParts() => [Range];
}
