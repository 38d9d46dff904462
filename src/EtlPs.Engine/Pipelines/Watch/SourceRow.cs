namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>What the source sent of one version of a row.</summary>
/// <param name="Columns">The names of the columns that were sent, in the table's order.</param>
/// <param name="Values">Their values as .NET's own; null for NULL.</param>
public sealed record SourceRow(IReadOnlyList<string> Columns, IReadOnlyList<object?> Values);
