using EtlPs.Engine.Tests.Types;
using EtlPs.Engine.Tests.Types.Values;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>
/// The types of the matrix that there is nothing special about: with random values, the same ones in every load.
/// </summary>
internal static class MatrixKinds
{
    private const int ValueCount = 6;
    private const int LongestText = 200;

    // Those that ColumnKinds has, and that the server calls by other names.
    private static readonly string[] s_left = ["time", "timestamp", "varchar", "char", "bit varying"];

    private static readonly Dictionary<string, TypeCase> s_types = TypeMatrix.All
        .Where(type => type.Since is null && !s_left.Contains(type.PostgresType.Split('(', '[')[0]))
        .ToDictionary(type => type.PostgresType);

    public static IReadOnlyList<ColumnKind> All { get; } = [.. s_types.Values.Select(Make)];

    /// <summary>How both sides tell a column's values, by its type; null: it is not of these.</summary>
    public static (string Postgres, string DuckDb)? Forms(string column, string type) =>
        s_types.GetValueOrDefault(type) is { } found
        ? ($"(SELECT {found.PostgresText} FROM (SELECT {column} AS v) AS w)",
            $"list_transform([{column}], lambda v: {found.DuckDbText})[1]")
        : null;

    private static ColumnKind Make(TypeCase type, int index)
    {
        var random = new RandomText(new SplitMix((ulong)index));
        var texts = Enumerable.Repeat(type.PostgresType, int.MaxValue).Select(random.Of)
            .Where(text => text.Length < LongestText)
            .Take(ValueCount).Select(text => $"'{text.Replace("'", "''")}'");
        var values = $"(ARRAY[{string.Join(", ", texts)}])";
        return new ColumnKind(
            type.PostgresType,
            number => $"{values}[1 + ({number})::int4 % {ValueCount}]::{type.PostgresType}",
            [.. type.Values.Where(value => value.Length < LongestText && !value.Contains("repeat(")
                && !value.Contains("generate_series"))]);
    }
}
