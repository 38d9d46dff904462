namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>What a run would do, made with reads only.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Operation">Backfill, Stream or Remove.</param>
/// <param name="Source">The source, without secrets.</param>
/// <param name="Destination">The destination.</param>
/// <param name="Effects">Every effect, in order; empty: nothing to do.</param>
/// <param name="Tables">The tables, in order.</param>
/// <param name="Warnings">What a careful person would want to know before.</param>
/// <param name="Estimate">What the copying is expected to take; null: nothing is copied.</param>
public sealed record PipelinePlan(
    string Pipeline,
    string Operation,
    string Source,
    string Destination,
    IReadOnlyList<PlannedEffect> Effects,
    IReadOnlyList<PlannedTable> Tables,
    IReadOnlyList<string> Warnings,
    CopyEstimate? Estimate = null);
