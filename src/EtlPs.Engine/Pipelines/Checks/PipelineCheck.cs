using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>One thing that was looked at before a run.</summary>
/// <param name="Name">What was looked at, in one word: <c>WalLevel</c>. Names are stable: scripts compare them.</param>
/// <param name="Status">How it came out.</param>
/// <param name="Evidence">What was found, or the error that a run would end with.</param>
/// <param name="Remedy">What to do about it; null where it passed.</param>
/// <param name="Sql">The statements that mend it at the source; null: none do.</param>
/// <param name="Code">The error that a run would end with; null: it would not.</param>
public sealed record PipelineCheck(
    string Name, CheckStatus Status, string Evidence, string? Remedy = null, string? Sql = null,
    EtlErrorCode? Code = null);
