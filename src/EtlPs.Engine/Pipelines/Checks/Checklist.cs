using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>
/// Collects checks: a rule that a start refuses by throwing becomes one check here, and the next one is looked at.
/// </summary>
internal sealed class Checklist(PipelineDefinition definition)
{
    private readonly List<PipelineCheck> _checks = [];

    public IReadOnlyList<PipelineCheck> Checks => _checks;

    public void Pass(string name, string evidence) =>
        _checks.Add(new PipelineCheck(name, CheckStatus.Passed, evidence));

    public void Warn(string name, string evidence, string? remedy, string? sql = null) =>
        _checks.Add(new PipelineCheck(name, CheckStatus.Warning, evidence, remedy, sql));

    public void Fail(string name, EtlException e) => Add(name, CheckStatus.Failed, e);

    /// <summary>Whether an error has been told, under whatever name.</summary>
    public bool Tells(EtlException e) => _checks.Any(c => c.Code == e.Code && c.Evidence == e.Message);

    /// <returns>Whether it passed.</returns>
    public bool Add(string name, EtlException? problem, string evidence)
    {
        if (problem is null) Pass(name, evidence);
        else Fail(name, problem);
        return problem is null;
    }

    /// <summary>Runs a check that tells what it found, and throws what is wrong.</summary>
    /// <returns>Whether it passed.</returns>
    public async Task<bool> RunAsync(string name, Func<Task<string>> check, CheckStatus otherwise = CheckStatus.Failed)
    {
        try
        {
            Pass(name, await check().ConfigureAwait(false));
            return true;
        }
        catch (Exception e) when (RunErrors.Translate(e, definition) is EtlException problem)
        {
            Add(name, otherwise, problem);
            return false;
        }
    }

    private void Add(string name, CheckStatus status, EtlException e) =>
        _checks.Add(new PipelineCheck(name, status, e.Message, e.Remedy, e.Sql, e.Code));
}
