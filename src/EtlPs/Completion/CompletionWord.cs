using System.Management.Automation;

namespace EtlPs.Completion;

/// <summary>What a user has typed of an argument, with the quote that it may begin with.</summary>
internal sealed class CompletionWord(string typed)
{
    private const StringComparison Comparison = StringComparison.OrdinalIgnoreCase;

    private readonly string _text = typed.Trim('\'').Replace("''", "'", StringComparison.Ordinal);

    /// <summary>Whether a name begins with it. A leading double quote may be PowerShell's or the name's own.</summary>
    public bool Begins(string name) =>
        name.StartsWith(_text, Comparison) || (_text.StartsWith('"') && name.StartsWith(_text.Trim('"'), Comparison));

    /// <summary>The argument for a name, in quotes where PowerShell would read it another way without.</summary>
    public static CompletionResult Complete(string name) => new(
        IsBareWord(name) ? name : $"'{name.Replace("'", "''", StringComparison.Ordinal)}'",
        name, CompletionResultType.ParameterValue, name);

    // Anything else may be an operator, a variable, a separator or a quote: also the typographic ones.
    private static bool IsBareWord(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0])
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'
            || (c > 127 && char.IsLetter(c)));
}
