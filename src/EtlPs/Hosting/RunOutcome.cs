using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Hosting;

/// <summary>What a run hands back: objects of the model, and the tables that failed.</summary>
internal sealed record RunOutcome(
    IReadOnlyList<object> Results,
    IReadOnlyList<(TableName Table, EtlException Error)> Failures);
