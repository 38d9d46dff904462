namespace EtlPs.Engine.Pipelines;

/// <summary>The rows of one reading statement, whole.</summary>
/// <param name="Columns">Column names in order; the same name may come twice.</param>
/// <param name="Rows">Values in column order; null for SQL NULL.</param>
public sealed record QueryResult(IReadOnlyList<string> Columns, IReadOnlyList<object?[]> Rows);
