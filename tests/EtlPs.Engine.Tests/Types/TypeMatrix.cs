using System.Globalization;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Every carried type with its extremes, as SQL literals.</summary>
public static class TypeMatrix
{
    private const string Plain = "v::text";
    private const string DuckPlain = "v::VARCHAR";

    // DuckDB leaves out the zero before the point where no digit can stand there.
    private const string DuckDecimal = @"regexp_replace(v::VARCHAR, '^(-?)[.]', '\10.')";
    private const string Micros =
        "CASE WHEN isfinite(v) THEN (extract(epoch FROM v) * 1000000)::bigint::text ELSE v::text END";
    private const string DuckMicros = "CASE WHEN isfinite(v) THEN epoch_us(v)::VARCHAR ELSE v::VARCHAR END";
    private const string Json = "array_to_json(v)::text";
    private const string DuckJson = "to_json(v)::VARCHAR";

    private static readonly string[] s_texts =
    [
        "''", "'a'", "'elevenbytes'", "'twelve bytes'", "'thirteen byte'", "'NULL'", @"'\N'", @"'back\slash'", "'tab\tline\nend\r'",
        "'it''s \"quoted\"'", "'naïve café'", "'emoji 😀 and 👨‍👩‍👧'", "'{braces, commas}'", "' padded '", "repeat('x', 1000000)", "repeat('é', 6)",
        "E'\\x01\\x7f'",
    ];

    private static readonly string[] s_timestamps =
    [
        "'2024-02-29 12:34:56.789012'", "'1970-01-01'", "'1969-12-31 23:59:59.999999'", "'2000-01-01'", "'1999-12-31 23:59:59.5'",
        "'infinity'", "'-infinity'", "'4713-11-24 00:00:00 BC'", "'0044-03-15 12:00:00.000001 BC'", "'0001-01-01'",
        "'0001-12-31 23:59:59 BC'", "'9999-12-31 23:59:59.999999'", "'10000-01-01'", "'294247-01-10 04:00:54.775806'",
        "'1900-02-28 23:59:59'", "'1600-02-29'",
    ];

    /// <summary>The names of all cases; a test runner shows and selects them by these.</summary>
    public static IEnumerable<TheoryDataRow<string>> Names => Cases.Select(type => type.Since is { } version
        ? new TheoryDataRow<string>(type.PostgresType).WithTrait(nameof(TypeCase.Since), version)
        : new TheoryDataRow<string>(type.PostgresType));

    private static TypeCase[] Cases =>
    [
        new("boolean", "BOOLEAN", Plain, DuckPlain, ["true", "false"]),
        new("smallint", "SMALLINT", Plain, DuckPlain, ["0", "1", "-1", "32767", "'-32768'"]),
        new("integer", "INTEGER", Plain, DuckPlain, ["0", "1", "-1", "2147483647", "'-2147483648'"]),
        new("bigint", "BIGINT", Plain, DuckPlain, ["0", "-1", "9223372036854775807", "'-9223372036854775808'"]),
        Float("real", "FLOAT", "'3.4028235e38'", "'1.1754944e-38'", "'1e-45'", "0.1", "16777217", "'-3.1415927'"),
        Float("double precision", "DOUBLE", "'1.7976931348623157e308'", "'2.2250738585072014e-308'", "'5e-324'", "0.1", "1e22"),
        Decimal(4, 2, "99.99", "-99.99", "0.01"),
        Decimal(9, 0, "999999999", "-999999999", "10000", "100000000"),
        Decimal(9, 9, "0.999999999", "-0.000000001", "0.0001", "0.00001", "0.10001"),
        Decimal(18, 3, "999999999999999.999", "-999999999999999.999", "1000", "10000.1"),
        Decimal(19, 1, "999999999999999999.9", "-999999999999999999.9", "99999999999999999.9"),
        Decimal(38, 0, new string('9', 38), "-" + new string('9', 38), "170141183460469231731687303715884105"),
        Decimal(38, 10, new string('9', 28) + ".9999999999", "-0.0000000001", "1000000000000000000000000000"),
        Decimal(38, 37, "9." + new string('9', 37), "-9." + new string('9', 37), "1.5"),
        Decimal(38, 38, "0." + new string('9', 38), "-0." + new string('9', 38), "0.00000000000000000001"),
        new("numeric(3,-2)", "DECIMAL(5,0)", Plain, DuckPlain, ["99900", "-12345", "0", "100"]) { Since = "15" },
        new("numeric(2,5)", "DECIMAL(5,5)", Plain, DuckDecimal, ["0.00099", "-0.00001", "0"]) { Since = "15" },
        new("text", "VARCHAR", Plain, DuckPlain, s_texts),
        new("varchar(1000000)", "VARCHAR", Plain, DuckPlain, s_texts),
        new("char(14)", "VARCHAR", "CASE WHEN v IS NOT NULL THEN format('%s', v) END", DuckPlain, ["'padded'", "''", "'fourteen chars'", "'ééé'"]),
        new("bytea", "BLOB", "encode(v, 'hex')", "lower(hex(v))",
            [@"'\x'", @"'\x00'", @"'\xff00ff'", @"'\x5c4e5c'", "'twelve bytes'", "'thirteen byte'", "decode(repeat('0080ff', 100000), 'hex')"]),
        new("date", "DATE", "CASE WHEN isfinite(v) THEN (v - date '1970-01-01')::text ELSE v::text END",
            "CASE WHEN isfinite(v) THEN (v - DATE '1970-01-01')::VARCHAR ELSE v::VARCHAR END",
            ["'2024-02-29'", "'1970-01-01'", "'1969-12-31'", "'2000-01-01'", "'infinity'", "'-infinity'", "'4713-11-24 BC'",
             "'0001-01-01'", "'0001-12-31 BC'", "'10000-01-01'", "'5874897-12-31'", "'1900-03-01'"]),
        new("time", "TIME", Plain, DuckPlain,
            ["'00:00:00'", "'23:59:59.999999'", "'24:00:00'", "'12:00:00.5'", "'00:00:00.000001'"]),
        new("timestamp", "TIMESTAMP", Micros, DuckMicros, s_timestamps),
        new("timestamp with time zone", "TIMESTAMPTZ", Micros, DuckMicros, s_timestamps),
        new("uuid", "UUID", Plain, DuckPlain,
            ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
             "'80000000-0000-0000-0000-000000000001'", "'01234567-89ab-cdef-0123-456789abcdef'"]),
        new("json", "JSON", Plain, DuckPlain,
            ["'{\"a\" : [1,  2], \"a\":null}'", "'null'", @"'""\u0000""'", "'1e400'", "'\"😀\"'", "'{}'"]),
        new("jsonb", "JSON", Plain, DuckPlain, ["'{\"a\":[1,2.50],\"b\":null}'", "'null'", "'1e400'", "'\"😀\"'", "'1'", "'\"\"'"]),
        new("integer[]", "INTEGER[]", Json, DuckJson, ["'{}'", "'{1}'", "'{1,NULL,-2147483648}'", "'{NULL}'", Sequence("integer")]),
        new("bigint[]", "BIGINT[]", Json, DuckJson, ["'{}'", "'{9223372036854775807,NULL}'", Sequence("bigint")]),
        new("text[]", "VARCHAR[]", Json, DuckJson,
            ["'{}'", "'{NULL,\"NULL\",null}'", "ARRAY['', ' ', 'a,b', '{', '}', '\"', '\\', '\\\\\"', '😀', 'thirteen byte']",
             "ARRAY[repeat('\\\"', 50000), repeat('y', 100000)]", Sequence("text")]),
        new("smallint[]", "SMALLINT[]", Json, DuckJson, ["'{1,NULL,-32768}'"]),
        new("boolean[]", "BOOLEAN[]", Json, DuckJson, ["'{t,NULL,f}'"]),
        new("uuid[]", "UUID[]", Json, DuckJson, ["'{80000000-0000-0000-0000-000000000001,NULL}'"]),
        new("numeric(10,2)[]", "DECIMAL(10,2)[]", "array_to_string(v, ';', '~')", "array_to_string(list_transform(v, "
            + "lambda x: coalesce(x::VARCHAR, '~')), ';')", ["'{1.50,NULL,-99999999.99}'"]),
        new("date[]", "DATE[]", Json, DuckJson, ["'{2024-02-29,NULL}'"]),
        new("varchar(5)[]", "VARCHAR[]", Json, DuckJson, ["'{abc,NULL}'"]),
        new("jsonb[]", "JSON[]", "v[1]::text", "v[1]::VARCHAR", ["ARRAY['{\"a\":\"b\\\"c\"}'::jsonb, NULL]"]),
        new("bytea[]", "BLOB[]", "encode(v[1], 'hex')", "lower(hex(v[1]))", [@"ARRAY['\x00ff'::bytea, NULL, repeat('ab', 9)::bytea]"]),
    ];

    public static TypeCase Find(string postgresType) => Cases.Single(type => type.PostgresType == postgresType);

    private static TypeCase Decimal(int precision, int scale, params string[] values)
    {
        var type = string.Create(CultureInfo.InvariantCulture, $"({precision},{scale})");
        return new TypeCase("numeric" + type, "DECIMAL" + type, Plain, DuckDecimal, ["0", .. values]);
    }

    // The shortest texts of the two sides differ (1 and 1.0), so DuckDB reads Postgres's text, p, and compares.
    private static TypeCase Float(string type, string duckDbType, params string[] values) => new(
        type,
        duckDbType,
        Plain,
        $"CASE WHEN v = p::{duckDbType} AND (isnan(v) OR signbit(v) = starts_with(p, '-')) THEN p ELSE v::VARCHAR END",
        ["0", "1", "'-0'", "'NaN'", "'Infinity'", "'-Infinity'", .. values]);

    private static string Sequence(string type) =>
        $"(SELECT array_agg(CASE WHEN i % 7 = 0 THEN NULL ELSE i END::{type} ORDER BY i) FROM generate_series(1, 5000) i)";
}
