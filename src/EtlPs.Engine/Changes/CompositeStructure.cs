namespace EtlPs.Engine.Changes;

/// <summary>A composite type, or a table's row type.</summary>
/// <param name="Attributes">In order, without those that were dropped.</param>
public sealed record CompositeStructure(IReadOnlyList<CompositeAttribute> Attributes) : TypeStructure
{
    private protected override IEnumerable<PostgresType> FindParts() => Attributes.Select(a => a.Type);
}
