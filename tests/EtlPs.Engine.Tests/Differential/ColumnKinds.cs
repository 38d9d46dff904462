namespace EtlPs.Engine.Tests.Differential;

/// <summary>The types that are carried.</summary>
internal static class ColumnKinds
{
    public static readonly ColumnKind Integer =
        new("int4", n => $"({n})::int4", "2147483647", "'-2147483648'") { CanBeKey = true };

    public static readonly IReadOnlyList<ColumnKind> Keys =
    [
        Integer,
        new("int8", n => $"({n})::int8") { CanBeKey = true },
        new("text", n => $"'k' || ({n})") { CanBeKey = true },
        new("varchar(40)", n => $"'clé ' || ({n})") { CanBeKey = true },
        new("char(12)", n => $"'c' || ({n})") { CanBeKey = true },
        new("numeric(12,2)", n => $"(({n}) * 0.25)::numeric(12,2)") { CanBeKey = true },
        new("float8", n => $"(({n}) * 0.125)::float8") { CanBeKey = true },
        new("uuid", n => $"md5(({n})::text)::uuid") { CanBeKey = true },
        new("date", n => $"(date '0001-01-01' + ({n})::int4)") { CanBeKey = true },
        new("timestamp", n => $"(timestamp '1999-12-31 23:00' + ({n}) * interval '1.5 second')") { CanBeKey = true },
        new("timestamptz", n => $"(timestamptz '1969-12-31 23:00Z' + ({n}) * interval '7.25 second')") { CanBeKey =
            true },
        new("bytea", n => $"decode(lpad(to_hex(({n})::int8), 12, '0'), 'hex')") { CanBeKey = true },
        // Kept apart in the row and compressed in the index: the server sends its old value along although it stays.
        new("text", n => $"repeat(md5(({n})::text), 72)") { CanBeKey = true, IsLarge = true },
    ];

    public static readonly IReadOnlyList<ColumnKind> Large =
    [
        new("text", n => $"repeat(md5(({n})::text), 70 + ({n})::int4 % 90)", "''",
            "repeat('é', 30000)") { IsLarge = true },
        new("bytea", n => $"decode(repeat(md5(({n})::text), 140 + ({n})::int4 % 90), 'hex')", "''") { IsLarge = true },
        new("jsonb", n => $"jsonb_build_object('n', {n}, 'large', repeat(md5(({n})::text), 80))",
            "'{}'") { IsLarge = true },
        new("text[]", n => $"ARRAY[({n})::text, NULL, repeat(md5(({n})::text), 80)]", "'{}'") { IsLarge = true },
    ];

    public static readonly IReadOnlyList<ColumnKind> Plain =
    [
        Integer,
        new("bool", n => $"({n}) % 2 = 0"),
        new("int2", n => $"(({n}) % 32768)::int2", "32767", "'-32768'"),
        new("int8", n => $"({n})::int8 * 1000003", "9223372036854775807", "'-9223372036854775808'"),
        new("float4", n => $"(({n}) / 4.0)::float4", "'NaN'", "'Infinity'", "'-Infinity'", "1e-45", "0.1"),
        new("float8", n => $"(({n}) / 8.0)::float8", "'NaN'", "'Infinity'", "'-Infinity'", "5e-324", "0.1"),
        new("numeric(12,3)", n => $"(({n}) * 1.125)::numeric(12,3)", "999999999.999", "-0.001", "0"),
        new("numeric(38,0)", n => $"({n})::numeric * 12345678901234567890", new string('9', 38), "-"
            + new string('9', 38)),
        new("text", n => $"'text ' || ({n})", "''", "'NULL'", @"E'tab\tline\n\\ it''s'", "'añ🙂, {x}'",
            "repeat('x', 1500)", "'thirteen byte'"),
        new("varchar(30)", n => $"repeat('añ🙂', (({n}) % 9)::int4)", "' padded '"),
        new("char(8)", n => $"'f' || ({n}) % 1000", "''"),
        new("bytea", n => $"decode(md5(({n})::text), 'hex')", @"'\x'", @"'\x00'"),
        new("date", n => $"(date '1980-01-01' + (({n}) % 90000)::int4)", "'infinity'", "'-infinity'", "'10000-01-01'"),
        new("time", n => $"(time '00:00' + ({n}) * interval '1.25 second')", "'24:00:00'", "'23:59:59.999999'"),
        new("timestamp", n => $"(timestamp '1969-07-20 20:17:40' + ({n}) * interval '77.5 minute')", "'infinity'",
            "'10000-01-01'"),
        new("timestamptz", n => $"(timestamptz '2021-05-05 10:00Z' + ({n}) * interval '13.5 minute')", "'-infinity'"),
        new("uuid", n => $"md5(({n})::text)::uuid", "'80000000-0000-0000-0000-000000000001'"),
        new("json", n => $"json_build_object('g', {n}, 'n', NULL)", "'null'", "'{\"a\" : [1,  2], \"a\":null}'"),
        new("jsonb", n => $"jsonb_build_object('k', {n}, 'n', NULL)", "'null'", "'1'", "'\"\"'"),
        new("int4[]", n => $"ARRAY[({n})::int4, NULL, 1]", "'{}'", "'{NULL}'"),
        new("int8[]", n => $"ARRAY[({n})::int8]", "'{9223372036854775807,NULL}'"),
        new("text[]", n => $"ARRAY['a', NULL, 'NULL', ({n})::text]", "'{}'",
            @"ARRAY['', ' ', 'a,b', '{', '""', '\', '🙂']"),
    ];
}
