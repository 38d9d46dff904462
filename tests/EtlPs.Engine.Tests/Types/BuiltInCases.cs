using System.Globalization;
using static EtlPs.Engine.Tests.Types.Canonical;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Postgres's own types but for containers, with their extremes.</summary>
internal static class BuiltInCases
{
    private static readonly string[] s_texts =
    [
        "''", "'a'", "'elevenbytes'", "'twelve bytes'", "'thirteen byte'", "'NULL'", @"'\N'", @"'back\slash'",
        "'tab\tline\nend\r'",
        "'it''s \"quoted\"'", "'naïve café'", "'emoji 😀 and 👨‍👩‍👧'", "'{braces, commas}'", "' padded '",
        "repeat('x', 1000000)", "repeat('é', 6)",
        "E'\\x01\\x7f'", "'(parentheses)'", "'[brackets)'", "'a;b=>c'",
    ];

    private static readonly string[] s_timestamps =
    [
        "'2024-02-29 12:34:56.789012'", "'1970-01-01'", "'1969-12-31 23:59:59.999999'", "'2000-01-01'",
        "'1999-12-31 23:59:59.5'",
        "'infinity'", "'-infinity'", "'4713-11-24 00:00:00 BC'", "'0044-03-15 12:00:00.000001 BC'", "'0001-01-01'",
        "'0001-12-31 23:59:59 BC'", "'9999-12-31 23:59:59.999999'", "'10000-01-01'", "'294247-01-10 04:00:54.775806'",
        "'1900-02-28 23:59:59'", "'1600-02-29'",
    ];

    public static IReadOnlyList<TypeCase> All =>
    [
        new("boolean", "BOOLEAN", Plain, DuckPlain, "true", "false"),
        new("smallint", "SMALLINT", Plain, DuckPlain, "0", "1", "-1", "32767", "'-32768'"),
        new("integer", "INTEGER", Plain, DuckPlain, "0", "1", "-1", "2147483647", "'-2147483648'"),
        new("bigint", "BIGINT", Plain, DuckPlain, "0", "-1", "9223372036854775807", "'-9223372036854775808'"),
        Float("real", "FLOAT", "'3.4028235e38'", "'1.1754944e-38'", "'1e-45'", "0.1", "16777217", "'-3.1415927'"),
        Float("double precision", "DOUBLE", "'1.7976931348623157e308'", "'2.2250738585072014e-308'", "'5e-324'", "0.1",
            "1e22", "1e23"),
        Decimal(4, 2, "99.99", "-99.99", "0.01"),
        Decimal(9, 0, "999999999", "-999999999", "10000", "100000000"),
        Decimal(9, 9, "0.999999999", "-0.000000001", "0.0001", "0.00001", "0.10001"),
        Decimal(18, 3, "999999999999999.999", "-999999999999999.999", "1000", "10000.1"),
        Decimal(19, 1, "999999999999999999.9", "-999999999999999999.9", "99999999999999999.9"),
        Decimal(38, 0, new string('9', 38), "-" + new string('9', 38), "170141183460469231731687303715884105"),
        Decimal(38, 10, new string('9', 28) + ".9999999999", "-0.0000000001", "1000000000000000000000000000"),
        Decimal(38, 37, "9." + new string('9', 37), "-9." + new string('9', 37), "1.5"),
        Decimal(38, 38, "0." + new string('9', 38), "-0." + new string('9', 38), "0.00000000000000000001"),
        new("numeric(3,-2)", "DECIMAL(5,0)", Plain, DuckPlain, "99900", "-12345", "0", "100") { Since = "15" },
        new("numeric(2,5)", "DECIMAL(5,5)", Plain, DuckDecimal, "0.00099", "-0.00001", "0") { Since = "15" },
        new("numeric", "VARCHAR", Plain, DuckPlain,
            "0", "0.00", "-1", "1.50", "10000", "100000000.0001", "'NaN'", "'Infinity'", "'-Infinity'", "1e-1000",
            "1e131000",
            "('1' || repeat('0', 999))::numeric", "('-0.' || repeat('0123456789', 1600))::numeric", "0.00001",
            "-12345678.90123", "1e-16383",
            "0.1234", "0.12345", "99999999.9999"),
        new("numeric(50,20)", "VARCHAR", Plain, DuckPlain, "0", $"{new string('9', 30)}.{new string('9', 20)}",
            "'NaN'"),
        new("money", "DECIMAL(19,2)", "v::numeric::text", DuckPlain,
            "'0'", "'0.01'", "'-0.01'", "'1234567.89'", "'92233720368547758.07'", "'-92233720368547758.08'"),
        new("text", "VARCHAR", Plain, DuckPlain, s_texts),
        new("varchar(1000000)", "VARCHAR", Plain, DuckPlain, s_texts),
        new("char(14)", "VARCHAR", Output, DuckPlain, "'padded'", "''", "'fourteen chars'", "'ééé'"),
        new("name", "VARCHAR", Plain, DuckPlain, "''", "'a'", "'Ünïcode \"quoted\"'", "repeat('n', 63)"),
        new("\"char\"", "VARCHAR", "encode(charsend(v), 'hex')",
            @"CASE length(v) WHEN 0 THEN '00' WHEN 4 THEN printf('%02x', v[2]::INTEGER * 64 + v[3]::INTEGER * 8 + v[4]::INTEGER) "
            + "ELSE lower(hex(v)) END",
            "'a'", "''", "'\"'", @"'\'", "' '", "(-1)::\"char\"", "(-128)::\"char\"", "127::\"char\""),
        new("bytea", "BLOB", "encode(v, 'hex')", "lower(hex(v))",
            @"'\x'", @"'\x00'", @"'\xff00ff'", @"'\x5c4e5c'", "'twelve bytes'", "'thirteen byte'",
            "decode(repeat('0080ff', 100000), 'hex')"),
        new("date", "DATE", Days, DuckDays,
            "'2024-02-29'", "'1970-01-01'", "'1969-12-31'", "'2000-01-01'", "'infinity'", "'-infinity'",
            "'4713-11-24 BC'",
            "'0001-01-01'", "'0001-12-31 BC'", "'10000-01-01'", "'5874897-12-31'", "'1900-03-01'"),
        new("time", "TIME", Plain, DuckPlain, "'00:00:00'", "'23:59:59.999999'", "'24:00:00'", "'12:00:00.5'",
            "'00:00:00.000001'"),
        new("time with time zone", "TIMETZ", TimeTz, DuckTimeTz,
            "'00:00:00+00'", "'24:00:00-15:59:59'", "'23:59:59.999999+15:59:59'", "'12:00:00.5-03:30'",
            "'01:02:03+00:00:01'"),
        new("timestamp", "TIMESTAMP", Micros, DuckMicros, s_timestamps),
        new("timestamp with time zone", "TIMESTAMPTZ", Micros, DuckMicros, s_timestamps),
        new("interval", "INTERVAL", Interval, DuckInterval,
            "'0'", "'1 year 2 months 3 days 04:05:06.789012'", "'-1 year -2 months +3 days -04:05:06.000001'",
            "'1 month'", "'30 days'",
            "'-00:00:00.000001'", "'178956970 years 7 months'", "'-178956970 years -8 months'", "'2147483647 days'",
            "'-2147483648 days'",
            "'2147483647:59:59.999999'", "'-2147483647:59:59.999999'", "'14 months -3 days 100:00'",
            "'1 day -00:00:01'"),
        // What no version before 15 reads and writes.
        new("interval hour to second", "INTERVAL", Interval, DuckInterval, "'2562047788:00:54.775807'",
            "'-2562047788:00:54.775807'")
        {
            Since = "15",
        },
        new("uuid", "UUID", Plain, DuckPlain,
            "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
            "'80000000-0000-0000-0000-000000000001'", "'01234567-89ab-cdef-0123-456789abcdef'"),
        new("json", "JSON", Plain, DuckPlain,
            "'{\"a\" : [1,  2], \"a\":null}'", "'null'", @"'""\u0000""'", "'1e400'", "'\"😀\"'", "'{}'"),
        new("jsonb", "JSON", Plain, DuckPlain, "'{\"a\":[1,2.50],\"b\":null}'", "'null'", "'1e400'", "'\"😀\"'", "'1'",
            "'\"\"'"),
        new("xml", "VARCHAR", Output, DuckPlain, "'<a b=\"c\">é &amp; 😀</a>'", "'plain'",
            "'<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>'"),
        new("jsonpath", "VARCHAR", Plain, DuckPlain, "'$'", "'$.a[*] ? (@.b > 1 && @.c like_regex \"^é\")'",
            "'strict $.\"x y\"'"),
        new("bit(1)", "BIT", Plain, DuckPlain, "B'0'", "B'1'"),
        new("bit(11)", "BIT", Plain, DuckPlain, "B'00000000000'", "B'10000000001'", "B'01111111110'", "B'11111111111'"),
        new("bit(16)", "BIT", Plain, DuckPlain, "B'0000000000000001'", "B'1000000000000000'"),
        new("bit varying", "VARCHAR", Plain, DuckPlain, "B''", "B'0'", "B'0010'", "B'101010101'",
            "repeat('01', 5000)::varbit"),
        new("inet", "VARCHAR", Output, DuckPlain,
            "'0.0.0.0'", "'255.255.255.255'", "'10.1.2.3/8'", "'0.0.0.0/0'", "'::'", "'::1'", "'::/0'", "'fe80::1/64'",
            "'1:0:0:2::3'",
            "'::ffff:1.2.3.4'", "'::1.2.3.4'", "'1:2:3:4:5:6:7:8'", "'1::'", "'0:0:1::'", "'1:0:2:0:3:0:4:0'",
            "'::fffe:1.2.3.4'",
            "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127'", "'::2:3'", "'1:0:0:0:2:0:0:0'", "'::ffff:0:0'"),
        new("cidr", "VARCHAR", Output, DuckPlain, "'10.0.0.0/8'", "'1.2.3.4/32'", "'0.0.0.0/0'", "'::/0'",
            "'fe80::/10'", "'::1/128'"),
        new("macaddr", "VARCHAR", Plain, DuckPlain, "'00:00:00:00:00:00'", "'08:00:2b:01:02:ff'"),
        new("macaddr8", "VARCHAR", Plain, DuckPlain, "'00:00:00:00:00:00:00:00'", "'08:00:2b:ff:fe:01:02:ff'"),
        new("oid", "UINTEGER", Plain, DuckPlain, "0", "4294967295", "2147483648"),
        new("xid", "UINTEGER", Plain, DuckPlain, "'0'", "'4294967295'"),
        new("cid", "UINTEGER", Plain, DuckPlain, "'0'", "'4294967295'"),
        new("xid8", "UBIGINT", Plain, DuckPlain, "'0'", "'18446744073709551615'"),
        new("tid", "VARCHAR", Plain, DuckPlain, "'(0,0)'", "'(4294967295,65535)'"),
        new("pg_lsn", "VARCHAR", Plain, DuckPlain, "'0/0'", "'FFFFFFFF/FFFFFFFF'", "'16/B374D848'"),
        new("pg_snapshot", "VARCHAR", Plain, DuckPlain, "'10:20:10,14,15'", "'1:1:'"),
        new("txid_snapshot", "VARCHAR", Plain, DuckPlain, "'10:20:10,14,15'", "'1:1:'"),
        new("refcursor", "VARCHAR", Plain, DuckPlain, "'cursor'"),
        new("tsvector", "VARCHAR", Plain, DuckPlain,
            "''", "'cat'", "'''it''''s'':1A,2B,3C,4 b:16383'", @"'''back\\slash'' ''sp ace'':2'",
            "to_tsvector('simple', 'é 😀 the quick fox')"),
        new("tsquery", "VARCHAR", Plain, DuckPlain,
            "'a & (b | !c)'", "'''it''''s'':*AB <-> d <3> e'", "''", "'a <-> (b <-> c)'", "'(a <-> b) <-> c'",
            "'!(a & b) | !!c'",
            "'(a | b) & (c | d) <2> e:ABCD'", "'a <0> b | c & d <-> !e'", "'x <16384> (y & z)'",
            @"'''back\\slash'' & é:*'",
            "(repeat('!(a | ', 40) || 'z' || repeat(')', 40))::tsquery",
            "(repeat('(a & ', 40) || 'z' || repeat(')', 40))::tsquery"),
        new("regclass", "VARCHAR", Plain, DuckPlain, "'pg_class'", "0", "'pg_catalog.pg_type'") { NeedsText = true },
        new("regtype", "VARCHAR", Plain, DuckPlain, "'integer'", "'timestamp with time zone[]'") { NeedsText = true },
        new("regrole", "VARCHAR", Plain, DuckPlain, "'pg_monitor'") { NeedsText = true },
        new("aclitem", "VARCHAR", Plain, DuckPlain, "'pg_monitor=r/pg_monitor'"),
        .. GeometryCases.All,
    ];

    private static TypeCase Decimal(int precision, int scale, params string[] values)
    {
        var type = string.Create(CultureInfo.InvariantCulture, $"({precision},{scale})");
        return new TypeCase("numeric" + type, "DECIMAL" + type, Plain, DuckDecimal, ["0", .. values]);
    }

    private static TypeCase Float(string type, string duckDbType, params string[] values) => new(
        type, duckDbType, Canonical.Double, DuckDouble,
        ["0", "1", "'-0'", "'NaN'", "'Infinity'", "'-Infinity'", .. values]);
}
