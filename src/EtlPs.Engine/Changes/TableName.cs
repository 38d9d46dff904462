namespace EtlPs.Engine.Changes;

/// <summary>A table's schema and name, exactly as the catalog has them (no quotes, no folding of case).</summary>
public readonly record struct TableName(string Schema, string Name)
{
    /// <summary>The name as SQL takes it, always quoted.</summary>
    public string Quoted => $"{Quote(Schema)}.{Quote(Name)}";

    /// <summary>An identifier in double quotes, inner quotes doubled: the same rule in Postgres and DuckDB.</summary>
    public static string Quote(string identifier) =>
        $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>For people: quoted only where SQL needs it.</summary>
    public override string ToString() => $"{QuoteIfNeeded(Schema)}.{QuoteIfNeeded(Name)}";

    /// <summary>An identifier for people: quoted only where SQL needs it.</summary>
    internal static string QuoteIfNeeded(string identifier)
    {
        foreach (var c in identifier)
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_'))
                return Quote(identifier);
        return identifier.Length == 0 || char.IsAsciiDigit(identifier[0]) ? Quote(identifier) : identifier;
    }
}
