namespace EtlPs.Engine.Changes;

/// <summary>An enum.</summary>
/// <param name="Labels">In the order that the enum sorts by.</param>
public sealed record EnumStructure(IReadOnlyList<string> Labels) : TypeStructure
{
    private protected override IEnumerable<PostgresType> FindParts() => [];
}
