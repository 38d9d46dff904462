using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// A table as a user writes it, by SQL's rules: <c>"…"</c> keeps case and anything else, the rest folds to lower case, <c>*</c>
/// and <c>?</c> outside quotes are wildcards. Without a schema it is one in <c>public</c>.
/// </summary>
internal sealed class TablePattern
{
    private const string DefaultSchema = "public";

    private readonly IReadOnlyList<Token> _schema;
    private readonly IReadOnlyList<Token> _name;

    private TablePattern(string text, IReadOnlyList<Token> schema, IReadOnlyList<Token> name)
    {
        Text = text;
        _schema = schema;
        _name = name;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it may name several tables.</summary>
    public bool HasWildcard => _schema.Any(t => t.Wildcard) || _name.Any(t => t.Wildcard);

    public static TablePattern Parse(string text)
    {
        var parts = new List<List<Token>> { new() };
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"')
            {
                if (quoted && i + 1 < text.Length && text[i + 1] == '"')
                    parts[^1].Add(new Token(text[i++], false));
                else
                    quoted = !quoted;
            }
            else if (quoted)
            {
                parts[^1].Add(new Token(c, false));
            }
            else if (c == '.')
            {
                parts.Add([]);
            }
            else if (char.IsWhiteSpace(c))
            {
                throw Invalid(text, "has a space outside quotes");
            }
            else
            {
                // Postgres folds ASCII only in UTF-8 databases.
                parts[^1].Add(new Token(char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c, c is '*' or '?'));
            }
        }

        if (quoted)
            throw Invalid(text, "has a quote that is not closed");
        if (parts.Count > 2)
            throw Invalid(text, "has more than a schema and a name; write \"…\" around a name with a dot");
        if (parts.Any(p => p.Count == 0))
            throw Invalid(text, "lacks a name");
        return parts.Count == 2
            ? new TablePattern(text, parts[0], parts[1])
            : new TablePattern(text, [.. DefaultSchema.Select(c => new Token(c, false))], parts[0]);
    }

    public bool Matches(TableName table) => Matches(_schema, table.Schema) && Matches(_name, table.Name);

    public override string ToString() => Text;

    // Greedy with one point to come back to: linear in practice, and never exponential.
    private static bool Matches(IReadOnlyList<Token> pattern, string text)
    {
        var (p, t, star, mark) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Count && pattern[p] is { Wildcard: true, Character: '*' })
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Count && (pattern[p].Wildcard || pattern[p].Character == text[t]))
            {
                t += pattern[p].Wildcard && char.IsHighSurrogate(text[t]) && t + 1 < text.Length ? 2 : 1;
                p++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Count && pattern[p] is { Wildcard: true, Character: '*' })
            p++;
        return p == pattern.Count;
    }

    private static EtlException Invalid(string text, string what) => new(
        EtlErrorCode.InvalidArgument,
        $"The table name {text} {what}.",
        "Write it as in SQL: shop.orders, \"Shop\".\"Order lines\", or shop.* for all tables of a schema.")
    {
        Subject = text,
    };

    private readonly record struct Token(char Character, bool Wildcard);
}
