namespace EtlPs.Engine.Tests.Types;

/// <summary>Every carried type with its extremes, as SQL literals, and an array of each.</summary>
public static class TypeMatrix
{
    /// <summary>Makes the types that a database has only by itself.</summary>
    public const string Setup = ExtensionCases.Setup + ContainerCases.Setup;

    /// <summary>The names of all cases; a test runner shows and selects them by these.</summary>
    public static IEnumerable<TheoryDataRow<string>> Names => All.Select(type => type.Since is { } version
        ? new TheoryDataRow<string>(type.PostgresType).WithTrait(nameof(TypeCase.Since), version)
        : new TheoryDataRow<string>(type.PostgresType));

    public static IReadOnlyList<TypeCase> All { get; } = Make();

    public static TypeCase Find(string postgresType) => All.First(type => type.PostgresType == postgresType);

    private static List<TypeCase> Make()
    {
        TypeCase[] scalars = [.. BuiltInCases.All, .. ContainerCases.Scalars, .. ExtensionCases.All];
        // An array over a type without a send function makes the walsender fail in binary.
        string[] unsendable = ["aclitem", "seg", "isbn"];
        return
        [
            .. scalars,
            .. ContainerCases.Others,
            .. scalars.Select(
                type => type.Array() with { NeedsText = type.NeedsText || unsendable.Contains(type.PostgresType) })
                .Where(array => ContainerCases.Others.All(other => other.PostgresType != array.PostgresType)),
        ];
    }
}
