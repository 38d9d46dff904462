using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// Names with points between them as a user writes them: <c>"…"</c> keeps case and anything else, the rest folds to
/// lower case, <c>*</c> and <c>?</c> outside quotes are wildcards.
/// </summary>
internal static class QualifiedName
{
    /// <param name="text">What was written.</param>
    /// <param name="what">What it names: "table", "column".</param>
    /// <param name="form">The longest form that it may have: "a schema and a name".</param>
    /// <param name="most">How many names that is.</param>
    /// <param name="remedy">How to write it.</param>
    /// <exception cref="EtlException">InvalidArgument: it is no such name.</exception>
    public static IReadOnlyList<NamePattern> Parse(string text, string what, string form, int most, string remedy)
    {
        var parts = new List<NamePattern> { new() };
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"')
            {
                if (quoted && i + 1 < text.Length && text[i + 1] == '"')
                    parts[^1].AddQuoted(text[i++]);
                else
                    quoted = !quoted;
            }
            else if (quoted)
                parts[^1].AddQuoted(c);
            else if (c == '.')
                parts.Add(new NamePattern());
            else if (char.IsWhiteSpace(c))
                throw Invalid("has a space outside quotes");
            else
                parts[^1].AddPlain(c);
        }

        if (quoted)
            throw Invalid("has a quote that is not closed");
        if (parts.Count > most)
            throw Invalid($"has more than {form}; write \"…\" around a name with a dot");
        return parts.Exists(p => p.IsEmpty) ? throw Invalid("lacks a name") : parts;

        EtlException Invalid(string problem) =>
            new(EtlErrorCode.InvalidArgument, $"The {what} name {text} {problem}.", remedy) { Subject = text };
    }
}
