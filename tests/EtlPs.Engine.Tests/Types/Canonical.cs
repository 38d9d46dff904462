namespace EtlPs.Engine.Tests.Types;

/// <summary>The canonical forms of docs/types.md, as SQL of each side over a column v of w.</summary>
internal static class Canonical
{
    public const string Plain = "v::text";
    public const string DuckPlain = "v::VARCHAR";

    /// <summary>The output function's text, which a cast is not for every type.</summary>
    public const string Output = "CASE WHEN v IS DISTINCT FROM NULL THEN format('%s', v) END";

    // DuckDB leaves out the zero before the point where no digit can stand there.
    public const string DuckDecimal = @"regexp_replace(v::VARCHAR, '^(-?)[.]', '\10.')";

    public const string Micros =
        "CASE WHEN isfinite(v) THEN (extract(epoch FROM v) * 1000000)::bigint::text ELSE v::text END";

    public const string DuckMicros = "CASE WHEN isfinite(v) THEN epoch_us(v)::VARCHAR ELSE v::VARCHAR END";

    public const string Days = "CASE WHEN isfinite(v) THEN (v - date '1970-01-01')::text ELSE v::text END";
    public const string DuckDays = "CASE WHEN isfinite(v) THEN (v - DATE '1970-01-01')::VARCHAR ELSE v::VARCHAR END";

    public const string Json = "array_to_json(v)::text";
    public const string DuckJson = "to_json(v)::VARCHAR";

    // DuckDB's storage takes -0 and a 0 beside it for one value, which they are; a sum with 0 has no sign.
    public const string Double = "encode(float8send(v::float8 + 0), 'hex')";
    public const string DuckDouble = "lower(lpad(to_hex(CAST((v::DOUBLE + 0)::BIT AS UBIGINT)), 16, '0'))";

    // DuckDB prints an offset of one second as one of a minute.
    public const string TimeTz = "v::time::text || ' ' || extract(timezone FROM v)::int";
    public const string DuckTimeTz = "v::TIME::VARCHAR || ' ' || datepart('timezone', v)";

    /// <summary>Months, days and microseconds, which Postgres sends in reverse.</summary>
    public const string Interval =
        "('x' || encode(substring(interval_send(v) FROM 13 FOR 4), 'hex'))::bit(32)::int || ' ' "
        + "|| ('x' || encode(substring(interval_send(v) FROM 9 FOR 4), 'hex'))::bit(32)::int || ' ' "
        + "|| ('x' || encode(substring(interval_send(v) FROM 1 FOR 8), 'hex'))::bit(64)::bigint";

    public const string DuckInterval =
        "(datepart('year', v) * 12 + datepart('month', v)) || ' ' || datepart('day', v) || ' ' "
        + "|| (datepart('hour', v)::HUGEINT * 3600000000 + datepart('minute', v) * 60000000 + datepart('microsecond', "
        + "v))";

    public static string Array(string element) =>
        $"CASE WHEN w.v IS NOT NULL THEN '[' || coalesce((SELECT string_agg(coalesce({element}, '∅'), '¦' ORDER BY "
        + "w.i) FROM (SELECT (w.v)[i] AS v, i FROM generate_subscripts(w.v, 1) AS i) AS w), '') || ']' END";

    public static string DuckArray(string element) =>
        $"CASE WHEN v IS NOT NULL THEN '[' || coalesce(array_to_string(list_transform(v, lambda v: coalesce({element}, "
        + "'∅')), '¦'), '') || ']' END";

    /// <summary>The form of a part of w.v.</summary>
    public static string Part(string value, string form) =>
        $"coalesce((SELECT {form} FROM (SELECT {value} AS v) AS w), '∅')";

    /// <summary>The form of a part of v.</summary>
    public static string DuckPart(string value, string form) =>
        $"coalesce(list_transform([{value}], lambda v: {form})[1], '∅')";

    public static string Range(string bound) =>
        "CASE WHEN v IS NOT NULL THEN concat_ws(';', isempty(v), lower_inc(v), upper_inc(v), "
        + $"{Part("lower(w.v)", bound)}, {Part("upper(w.v)", bound)}) END";

    public static string DuckRange(string bound) =>
        $"CASE WHEN v IS NOT NULL THEN concat_ws(';', {DuckFlag("empty")}, {DuckFlag("lower_inc")}, "
        + $"{DuckFlag("upper_inc")}, {DuckPart(DuckField("lower"), bound)}, {DuckPart(DuckField("upper"), bound)}) END";

    public static string Multirange(string bound) =>
        $"CASE WHEN w.v IS NOT NULL THEN '[' || coalesce((SELECT string_agg({Range(bound)}, '¦' ORDER BY w.i) "
        + "FROM (SELECT u.r AS v, u.i FROM unnest(w.v) WITH ORDINALITY AS u (r, i)) AS w), '') || ']' END";

    /// <summary>
    /// The doubles of a struct one behind the other, as geometric types send them; a dot names a field of a field.
    /// </summary>
    public static string DuckDoubles(params string[] fields) => string.Join(
        " || ", fields.Select(f => $"list_transform([{DuckField(f)}], lambda v: {DuckDouble})[1]"));

    public static string DuckPoints(string points) =>
        $"printf('%08x', len({points})) || coalesce(array_to_string(list_transform({points}, lambda v: "
        + $"{DuckDoubles("x", "y")}), ''), '')";

    // Where v is a lambda's parameter, v.x would be a column of a table v.
    public static string DuckField(string path) => "v" + string.Concat(path.Split('.').Select(name => $"['{name}']"));

    private static string DuckFlag(string field) => $"CASE WHEN v['{field}'] THEN 't' ELSE 'f' END";
}
