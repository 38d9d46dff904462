namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Every <see cref="Grouping"/>, as a theory's data.</summary>
public sealed class Groupings : TheoryData<Grouping>
{
    public Groupings() : base(Enum.GetValues<Grouping>())
    {
    }
}
