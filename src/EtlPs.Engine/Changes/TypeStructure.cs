using System.Text.Json.Serialization;

namespace EtlPs.Engine.Changes;

/// <summary>What a type is made of.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ArrayStructure), "array")]
[JsonDerivedType(typeof(CompositeStructure), "composite")]
[JsonDerivedType(typeof(DomainStructure), "domain")]
[JsonDerivedType(typeof(EnumStructure), "enum")]
[JsonDerivedType(typeof(MultirangeStructure), "multirange")]
[JsonDerivedType(typeof(RangeStructure), "range")]
public abstract record TypeStructure
{
    /// <summary>The types that its values hold values of.</summary>
    [JsonIgnore]
    public IEnumerable<PostgresType> Parts => FindParts();

    // Not an abstract property: its overrides would be written as JSON too, and each level twice as long as the one
    // within.
    private protected abstract IEnumerable<PostgresType> FindParts();
}
