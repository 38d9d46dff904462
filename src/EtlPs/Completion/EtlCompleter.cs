using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Completion;

/// <summary>
/// Completes names that somebody has to be asked for. Nobody waits for long at a prompt: what does not answer in time,
/// or with an error, completes nothing.
/// </summary>
public abstract class EtlCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        var registry = Registry(commandName);
        if (registry is null || FindNames(registry, fakeBoundParameters) is not { } find)
            return [];
        var word = new CompletionWord(wordToComplete);
        return [.. InTime(find).Where(word.Begins).Select(CompletionWord.Complete)];
    }

    /// <summary>How the names are found, from what the command line has already; null: not at all.</summary>
    private protected abstract Func<CancellationToken, Task<IReadOnlyList<string>>>? FindNames(
        PipelineRegistry registry, IDictionary bound);

    /// <summary>The source that the command line names, if any.</summary>
    private protected static EtlSource? Source(IDictionary bound) => bound["Source"] is { } given
        ? Unwrapped.From(new SourceTransformAttribute().Transform(null!, given)) as EtlSource
        : null;

    private static PipelineRegistry? Registry(string commandName)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("Get-Command").AddParameter("Name", commandName)
            .AddParameter("ErrorAction", ActionPreference.Ignore);
        return shell.Invoke<CommandInfo>().FirstOrDefault()?.Module is { } module ? PipelineRegistry.Of(module) : null;
    }

    private static IReadOnlyList<string> InTime(Func<CancellationToken, Task<IReadOnlyList<string>>> find)
    {
        using var time = new CancellationTokenSource(Longest);
        var finding = Task.Run(() => find(time.Token), CancellationToken.None);
        // Not by the token alone: a name server, for one, does not listen to it.
        return Task.WaitAny([finding], Longest) == 0 && finding.IsCompletedSuccessfully
            ? finding.GetAwaiter().GetResult()
            : [];
    }
}
