namespace EtlPs.Testing.Comparison;

/// <summary>
/// One text for one value, made by each side's own SQL: whatever our codecs do wrong, this cannot do wrong with them.
/// </summary>
internal static class CanonicalText
{
    public static string InPostgres(string column, string type) => type switch
    {
        "bytea" => $"encode({column}, 'hex')",
        "timestamp with time zone" => $"({column} AT TIME ZONE 'UTC')::text",
        "character" => $"convert_from(bpcharsend({column}), 'UTF8')",
        "real" or "double precision" => $"encode(float8send({column}::float8), 'hex')",
        "ARRAY" => $"array_to_json({column})::text",
        _ => $"{column}::text",
    };

    public static string InDuckDb(string column, string type) => type switch
    {
        "bytea" => $"lower(hex({column}))",
        "timestamp with time zone" => $"({column} AT TIME ZONE 'UTC')::VARCHAR",
        "real" or "double precision" => $"lower(lpad(to_hex(CAST({column}::DOUBLE::BIT AS UBIGINT)), 16, '0'))",
        "ARRAY" => $"to_json({column})::VARCHAR",
        _ => $"{column}::VARCHAR",
    };
}
