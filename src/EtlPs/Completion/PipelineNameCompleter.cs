using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using EtlPs.Hosting;

namespace EtlPs.Completion;

/// <summary>Completes the names of the pipelines that this session has defined.</summary>
public sealed class PipelineNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        var pattern = WildcardPattern.Get(wordToComplete + "*", WildcardOptions.IgnoreCase);
        return [.. Names(commandName).Where(pattern.IsMatch).Select(name => new CompletionResult(name))];
    }

    private static IEnumerable<string> Names(string commandName)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("Get-Command").AddParameter("Name", commandName);
        var command = shell.Invoke<CommandInfo>().FirstOrDefault();
        return command?.Module is { } module ? PipelineRegistry.Of(module).Names : [];
    }
}
