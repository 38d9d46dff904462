using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace EtlPs.Completion;

/// <summary>Completes the names of a source's logical replication slots.</summary>
public sealed class SlotNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        if (fakeBoundParameters["Source"] is not { } source)
            return [];
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("EtlPs\\Get-EtlSlot").AddParameter("Source", source)
            .AddParameter("SlotName", WildcardPattern.Escape(wordToComplete) + "*")
            .AddParameter("ErrorAction", ActionPreference.Ignore);
        return [.. shell.Invoke().Select(slot => new CompletionResult($"{slot}"))];
    }
}
