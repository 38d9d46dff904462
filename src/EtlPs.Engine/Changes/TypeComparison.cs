namespace EtlPs.Engine.Changes;

/// <summary>
/// Compares types with what they were: ALTER TYPE leaves no trace in the tables that have columns of a type.
/// </summary>
internal static class TypeComparison
{
    public static TypeChange Compare(PostgresType before, PostgresType now) => (before.Structure, now.Structure) switch
    {
        _ when before.Oid != now.Oid => TypeChange.Other,
        (EnumStructure a, EnumStructure b) => Compare(a.Labels, b.Labels),
        (CompositeStructure a, CompositeStructure b) when !HaveSameAttributes(a, b) => TypeChange.Other,
        ({ } a, { } b) => Compare(a.Parts.ToList(), b.Parts.ToList()),
        // What earlier versions stored says nothing of what a type is made of.
        _ => TypeChange.None,
    };

    private static TypeChange Compare(List<PostgresType> before, List<PostgresType> now) =>
        before.Count != now.Count ? TypeChange.Other : before.Zip(now, Compare).DefaultIfEmpty(TypeChange.None).Max();

    // A label that was renamed is another one in every row that was copied with it.
    private static TypeChange Compare(IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        var found = 0;
        foreach (var label in now)
            if (found < before.Count && before[found] == label)
                found++;
        return found < before.Count ? TypeChange.Other
            : before.Count < now.Count ? TypeChange.MoreLabels
            : TypeChange.None;
    }

    private static bool HaveSameAttributes(CompositeStructure before, CompositeStructure now) =>
        before.Attributes.Count == now.Attributes.Count
        && before.Attributes.Zip(now.Attributes, IsSame).All(same => same);

    private static bool IsSame(CompositeAttribute before, CompositeAttribute now) =>
        before.Name == now.Name && (before.AttributeNumber == 0 || before.AttributeNumber == now.AttributeNumber);
}
