namespace EtlPs.Engine.Tests.Types;

/// <summary>Values of one Postgres type, and how each side says in its own SQL what a value is.</summary>
/// <param name="PostgresType">The type, as in CREATE TABLE.</param>
/// <param name="DuckDbType">What a column of it becomes.</param>
/// <param name="PostgresText">One text for one value of column v of w.</param>
/// <param name="DuckDbText">The same of column v in DuckDB.</param>
/// <param name="Values">SQL expressions.</param>
public sealed record TypeCase(
    string PostgresType, string DuckDbType, string PostgresText, string DuckDbText, params string[] Values)
{
    /// <summary>The major version that the type came with, where a server that we accept lacks it.</summary>
    public string? Since { get; init; }

    /// <summary>Whether the type makes a stream of its table come as text.</summary>
    public bool NeedsText { get; init; }

    /// <summary>Whether servers of a major version have the type.</summary>
    public bool IsKnownTo(int version) => Since is null || int.Parse(Since, null) <= version;

    /// <summary>An array of the type, with all of its values and NULL; and an empty one.</summary>
    public TypeCase Array()
    {
        var type = $"{PostgresType}[]";
        return new TypeCase(
            type, $"{DuckDbType}[]", Canonical.Array(PostgresText), Canonical.DuckArray(DuckDbText),
            [$"ARRAY[{string.Join(", ", Values.Select(v => $"({v})::{PostgresType}").Append("NULL"))}]::{type}",
                $"'{{}}'::{type}"])
        {
            Since = Since, NeedsText = NeedsText,
        };
    }

    public override string ToString() => PostgresType;
}
