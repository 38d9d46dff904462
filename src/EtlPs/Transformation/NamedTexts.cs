using System.Collections;
using EtlPs.Errors;

namespace EtlPs.Transformation;

/// <summary>A hashtable of texts by the names of tables or columns, as parameters take them.</summary>
internal static class NamedTexts
{
    /// <summary>The hashtable with its texts read.</summary>
    /// <param name="given">What the user gave; null: nothing.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="example">An example of it.</param>
    /// <param name="read">Reads a value.</param>
    public static Dictionary<string, T> Read<T>(
        IDictionary? given, string parameter, string example, Func<string, T> read)
    {
        var choices = new Dictionary<string, T>(StringComparer.Ordinal);
        if (given is null) return choices;
        foreach (DictionaryEntry entry in given)
            choices[Text(entry.Key)] = read(Text(entry.Value));
        return choices;

        string Text(object? value) => Unwrapped.From(value) switch
        {
            string text => text,
            Enum choice => choice.ToString(),
            _ => throw EtlErrors.InvalidArgument(
                $"-{parameter} holds something that is neither a name nor a text.",
                $"Give a hashtable of texts: {example}."),
        };
    }
}
