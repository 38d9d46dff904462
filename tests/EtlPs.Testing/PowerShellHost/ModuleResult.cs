using System.Management.Automation;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>What a script left on every stream.</summary>
public sealed record ModuleResult
{
    /// <summary>The output objects.</summary>
    public required IReadOnlyList<PSObject> Output { get; init; }

    /// <summary>All errors; the terminating one last.</summary>
    public required IReadOnlyList<ErrorRecord> Errors { get; init; }

    /// <summary>The error that ended the script.</summary>
    public ErrorRecord? TerminatingError { get; init; }

    /// <summary>Whether it was stopped, as by Ctrl+C.</summary>
    public bool WasStopped { get; init; }

    /// <summary>The warnings' texts.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The verbose texts.</summary>
    public required IReadOnlyList<string> Verbose { get; init; }

    /// <summary>The debug texts.</summary>
    public required IReadOnlyList<string> Debug { get; init; }

    /// <summary>The information records.</summary>
    public required IReadOnlyList<InformationRecord> Information { get; init; }

    /// <summary>The progress records.</summary>
    public required IReadOnlyList<ProgressRecord> Progress { get; init; }

    /// <summary>What went to the host itself: "What if:" lines, prompts, formatted output.</summary>
    public required string HostText { get; init; }

    /// <summary>The output's base objects of a type.</summary>
    public IReadOnlyList<T> OutputOf<T>() => [.. Output.Select(o => o.BaseObject).OfType<T>()];

    /// <summary>The result itself, where the script left no error.</summary>
    /// <exception cref="InvalidOperationException">It left one.</exception>
    public ModuleResult WithoutErrors() => Errors.Count == 0
        ? this
        : throw new InvalidOperationException(string.Join(Environment.NewLine, Errors.Select(Describe)));

    /// <summary>Every text of every stream, error details included: what must never hold a password.</summary>
    public string AllText() => string.Join(
        Environment.NewLine,
        [
            .. Output.SelectMany(o => o.Properties.Select(ReadSafely).Prepend(o.ToString())),
            .. Errors.Select(Describe), .. Warnings, .. Verbose, .. Debug,
            .. Information.Select(i => i.MessageData?.ToString() ?? ""),
            .. Progress.Select(p => $"{p.Activity} {p.StatusDescription} {p.CurrentOperation}"),
            HostText,
        ]);

    private static string ReadSafely(PSPropertyInfo property)
    {
        try
        {
            return $"{property.Name}={property.Value}";
        }
        catch (GetValueException e)
        {
            return $"{property.Name}: {e.Message}";
        }
    }

    private static string Describe(ErrorRecord error) =>
        $"{error.FullyQualifiedErrorId} ({error.CategoryInfo}): {error} {error.ErrorDetails?.RecommendedAction} "
        + $"{error.Exception} {error.InvocationInfo?.PositionMessage} {error.ScriptStackTrace}";
}
