namespace EtlPs.Engine.Changes;

/// <summary>
/// A type as it was, with the labels that its enums have by now. All else stays: dimensions that were declared since,
/// for one, are those of no value that was copied.
/// </summary>
internal static class GrownType
{
    /// <param name="before">The type as it was.</param>
    /// <param name="now">The same type, with more labels somewhere; see <see cref="TypeChange.MoreLabels"/>.</param>
    public static PostgresType Of(PostgresType before, PostgresType now) => before with
    {
        Structure = (before.Structure, now.Structure) switch
        {
            (EnumStructure, EnumStructure b) => b,
            (ArrayStructure a, ArrayStructure b) => a with { Element = Of(a.Element, b.Element) },
            (DomainStructure a, DomainStructure b) => new DomainStructure(Of(a.Base, b.Base)),
            (RangeStructure a, RangeStructure b) => new RangeStructure(Of(a.Bound, b.Bound)),
            (MultirangeStructure a, MultirangeStructure b) => new MultirangeStructure(Of(a.Range, b.Range)),
            (CompositeStructure a, CompositeStructure b) => new CompositeStructure(
                [.. a.Attributes.Zip(b.Attributes, (x, y) => x with { Type = Of(x.Type, y.Type) })]),
            _ => before.Structure,
        },
    };
}
