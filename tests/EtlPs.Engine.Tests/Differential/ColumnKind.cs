namespace EtlPs.Engine.Tests.Differential;

/// <summary>A type to make columns of.</summary>
/// <param name="Type">As in CREATE TABLE.</param>
/// <param name="Value">SQL for a value made of a number, itself given as SQL.</param>
/// <param name="Extremes">Values worth having, as SQL.</param>
internal sealed record ColumnKind(string Type, Func<string, string> Value, params string[] Extremes)
{
    /// <summary>Whether different numbers below a million give different values, in an index too.</summary>
    public bool CanBeKey { get; init; }

    /// <summary>Whether values are large and kept apart (TOAST) as they are.</summary>
    public bool IsLarge { get; init; }
}
