namespace EtlPs.Engine.Pipelines.Fidelity;

/// <summary>
/// One text for one value, by each side's own SQL over an expression; NULL for NULL. docs/types.md lists the forms.
/// </summary>
/// <param name="Postgres">Makes the expression in Postgres.</param>
/// <param name="DuckDb">Makes the expression in DuckDB.</param>
internal sealed record CanonicalForm(Func<string, string> Postgres, Func<string, string> DuckDb)
{
    public static CanonicalForm Text { get; } = new(v => $"({v})::text", v => $"({v})::VARCHAR");

    /// <summary>What the type's output function writes, which a cast to text is not for every type.</summary>
    public static CanonicalForm Output { get; } = new(
        v => $"CASE WHEN ({v}) IS DISTINCT FROM NULL THEN format('%s', {v}) END", v => $"({v})::VARCHAR");

    /// <summary>
    /// The bytes of a text of a database without an encoding, which is VARCHAR by <c>-OnUnrepresentable Text</c>.
    /// </summary>
    public static CanonicalForm TextBytes { get; } = new(
        v => $"CASE WHEN ({v}) IS DISTINCT FROM NULL THEN encode(convert_to(format('%s', {v}), 'SQL_ASCII'), 'hex') "
        + "END",
        v => $@"CASE WHEN starts_with({v}, '\x') THEN substr({v}, 3) ELSE lower(hex(encode({v}))) END");

    public static CanonicalForm Bytes { get; } = new(v => $"encode({v}, 'hex')", v => $"lower(hex({v}))");

    // Of no scale in particular: a DECIMAL has one for all values. DuckDB leaves out the zero before the point.
    public static CanonicalForm Number { get; } = new(
        v => $"trim_scale(({v})::numeric)::text",
        v => $"regexp_replace(CASE WHEN contains(({v})::VARCHAR, '.') THEN rtrim(rtrim(({v})::VARCHAR, '0'), '.') "
            + $@"ELSE ({v})::VARCHAR END, '^(-?)([.]|$)', '\10\2')");

    public static CanonicalForm Double { get; } = new(
        v => $"CASE WHEN {v} = 'NaN' THEN 'NaN' ELSE encode(float8send(({v})::float8 + 0), 'hex') END", Hex);

    /// <summary>A numeric that is a DOUBLE: another text where the double does not give the number back.</summary>
    public static CanonicalForm NumericDouble { get; } = new(
        v => $"CASE WHEN {v} = 'NaN' THEN 'NaN' WHEN {v} IN ('Infinity', '-Infinity') "
            + $"THEN encode(float8send(({v})::float8), 'hex') "
            + $"WHEN abs({v}) > 1.7976931348623157e308 OR ({v} <> 0 AND abs({v}) < 5e-324) THEN ({v})::text "
            + $"WHEN {v} IN (({v})::float8::numeric, "
            + $"({v})::float8::text::numeric) THEN encode(float8send(({v})::float8 + 0), 'hex') "
            + $"ELSE ({v})::text END",
        Hex);

    public static CanonicalForm Days { get; } = new(
        v => $"CASE WHEN isfinite({v}) THEN (({v}) - date '1970-01-01')::text ELSE ({v})::text END",
        v => $"CASE WHEN isfinite({v}) THEN (({v}) - DATE '1970-01-01')::VARCHAR ELSE ({v})::VARCHAR END");

    // Those that DuckDB has no room for have none in 64 bits either.
    public static CanonicalForm Micros { get; } = new(
        v => $"CASE WHEN isfinite({v}) THEN trim_scale(extract(epoch FROM {v}) * 1000000)::text "
            + $"ELSE ({v})::text END",
        v => $"CASE WHEN isfinite({v}) THEN epoch_us({v})::VARCHAR ELSE ({v})::VARCHAR END");

    // DuckDB prints an offset of one second as one of a minute.
    public static CanonicalForm TimeWithZone { get; } = new(
        v => $"({v})::time::text || ' ' || extract(timezone FROM {v})::int4",
        v => $"({v})::TIME::VARCHAR || ' ' || datepart('timezone', {v})");

    /// <summary>Months, days and microseconds.</summary>
    public static CanonicalForm Interval { get; } = new(
        v => $"{Part(v, 13, 4, 32, "int4")} || ' ' || {Part(v, 9, 4, 32, "int4")} || ' ' || "
        + $"{Part(v, 1, 8, 64, "int8")}",
        v => $"(datepart('year', {v}) * 12 + datepart('month', {v})) || ' ' || datepart('day', {v}) || ' ' || "
            + $"(datepart('hour', {v})::HUGEINT * 3600000000 + datepart('minute', {v}) * 60000000 + "
            + $"datepart('microsecond', {v}))");

    private static string Part(string v, int from, int length, int bits, string type) =>
        $"('x' || encode(substring(interval_send({v}), {from}, {length}), 'hex'))::bit({bits})::{type}";

    // A sum with 0 has no sign where it is 0.
    private static string Hex(string v) =>
        $"CASE WHEN isnan({v}) THEN 'NaN' ELSE lower(lpad(to_hex(CAST((({v})::DOUBLE + 0)::BIT AS UBIGINT)), 16, '0')) "
        + "END";
}
