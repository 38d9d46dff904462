using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using EtlPs.Model;

namespace EtlPs.Completion;

/// <summary>Completes the names of the tables that the destination of the named pipeline knows.</summary>
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
        if ((fakeBoundParameters["Name"] ?? fakeBoundParameters["Pipeline"]) is not { } pipeline)
            return [];
        var pattern = WildcardPattern.Get(WildcardPattern.Escape(wordToComplete.Trim('\'')) + "*", WildcardOptions.IgnoreCase);
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("EtlPs\\Get-EtlTable").AddParameter("Name", pipeline)
            .AddParameter("ErrorAction", ActionPreference.Ignore);
        return [.. shell.Invoke<EtlTable>().Select(table => table.Table).Where(pattern.IsMatch).Select(Completion)];
    }

    // A quoted identifier would lose its quotes to PowerShell.
    private static CompletionResult Completion(string table) => new(
        table.Contains('"', StringComparison.Ordinal) ? $"'{table.Replace("'", "''", StringComparison.Ordinal)}'" : table,
        table, CompletionResultType.ParameterValue, table);
}
