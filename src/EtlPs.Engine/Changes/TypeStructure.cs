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
    public abstract IEnumerable<PostgresType> Parts { get; }
}
