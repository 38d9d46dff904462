namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>One name of a qualified one, by SQL's rules, with wildcards outside quotes.</summary>
internal sealed class NamePattern
{
    private readonly List<Token> _tokens = [];

    /// <summary>A name that is exactly this.</summary>
    public static NamePattern Of(string name)
    {
        var pattern = new NamePattern();
        foreach (var c in name) pattern.AddQuoted(c);
        return pattern;
    }

    public bool IsEmpty => _tokens.Count == 0;

    /// <summary>Whether it may be several names.</summary>
    public bool HasWildcard => _tokens.Exists(t => t.Wildcard);

    /// <summary>The name, where it has no wildcard.</summary>
    public string Literal => string.Concat(_tokens.Select(t => t.Character));

    /// <summary>Adds a character that stands for itself.</summary>
    public void AddQuoted(char c) => _tokens.Add(new Token(c, false));

    /// <summary>Adds a character outside quotes.</summary>
    public void AddPlain(char c) =>
        // Postgres folds ASCII only in UTF-8 databases.
        _tokens.Add(new Token(char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c, c is '*' or '?'));

    // Greedy with one point to come back to: linear in practice, and never exponential.
    public bool Matches(string text)
    {
        var (p, t, star, mark) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < _tokens.Count && _tokens[p] is { Wildcard: true, Character: '*' })
            {
                star = p++;
                mark = t;
            }
            else if (p < _tokens.Count && (_tokens[p].Wildcard || _tokens[p].Character == text[t]))
            {
                t += _tokens[p].Wildcard && char.IsHighSurrogate(text[t]) && t + 1 < text.Length ? 2 : 1;
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

        while (p < _tokens.Count && _tokens[p] is { Wildcard: true, Character: '*' })
            p++;
        return p == _tokens.Count;
    }

    private readonly record struct Token(char Character, bool Wildcard);
}
