using EtlPs.Engine.Pipelines.Checks;

namespace EtlPs.Model;

/// <summary>
/// One thing that was looked at before a run. It goes on to what takes pipelines as its pipeline: a Name of its own
/// would be taken for one.
/// </summary>
public sealed class EtlPipelineCheck
{
    internal EtlPipelineCheck(string pipeline, PipelineCheck check)
    {
        Pipeline = pipeline;
        Check = check.Name;
        Status = check.Status.ToString();
        Evidence = check.Evidence;
        Remedy = check.Remedy;
        Sql = check.Sql;
        ErrorCode = check.Code?.ToString();
    }

    internal EtlPipelineCheck(string pipeline, string name, Errors.EtlPsException problem)
        : this(pipeline, new PipelineCheck(name, CheckStatus.Failed, problem.Problem, problem.Remedy)) =>
            ErrorCode = problem.Code;

    /// <summary>The pipeline.</summary>
    public string Pipeline { get; }

    /// <summary>What was looked at: WalLevel, ReplicaIdentity. The names are stable.</summary>
    public string Check { get; }

    /// <summary>Passed, Warning or Failed.</summary>
    public string Status { get; }

    /// <summary>What was found, or the error that a run would end with.</summary>
    public string Evidence { get; }

    /// <summary>What to do about it; null where it passed.</summary>
    public string? Remedy { get; }

    /// <summary>The statements that mend it at the source; null: none do.</summary>
    public string? Sql { get; }

    /// <summary>The code of the error that a run would end with, without <c>EtlPs.</c>; null: it would not.</summary>
    public string? ErrorCode { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Check}: {Status}";
}
