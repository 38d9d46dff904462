using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using EtlPs.Model;

namespace EtlPs.Completion;

/// <summary>Completes the names of a source's tables, where one is named, or of those that a pipeline's destination knows.</summary>
public sealed class TableNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        var (parameter, value) = fakeBoundParameters["Source"] is { } source
            ? ("Source", source)
            : ("Name", fakeBoundParameters["Name"] ?? fakeBoundParameters["Pipeline"]);
        if (value is null)
            return [];
        var pattern = WildcardPattern.Get(WildcardPattern.Escape(wordToComplete.Trim('\'')) + "*", WildcardOptions.IgnoreCase);
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("EtlPs\\Get-EtlTable").AddParameter(parameter, value)
            .AddParameter("ErrorAction", ActionPreference.Ignore);
        return [.. Tables(shell).Where(pattern.IsMatch).Select(Completion)];
    }

    private static IEnumerable<string> Tables(PowerShell shell) => shell.Invoke().Select(table => table.BaseObject switch
    {
        EtlSourceTable ofSource => ofSource.Table,
        EtlTable ofPipeline => ofPipeline.Table,
        _ => "",
    });

    // A quoted identifier would lose its quotes to PowerShell.
    private static CompletionResult Completion(string table) => new(
        table.Contains('"', StringComparison.Ordinal) ? $"'{table.Replace("'", "''", StringComparison.Ordinal)}'" : table,
        table, CompletionResultType.ParameterValue, table);
}
