namespace EtlPs.Engine.Changes;

/// <summary>A composite type, or a table's row type.</summary>
/// <param name="Attributes">In order, without those that were dropped.</param>
public sealed record CompositeStructure(IReadOnlyList<CompositeAttribute> Attributes) : TypeStructure
{
    /// <inheritdoc/>
    public override IEnumerable<PostgresType> Parts => Attributes.Select(a => a.Type);
}
