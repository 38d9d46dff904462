using static EtlPs.Engine.Tests.Types.Canonical;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Types that hold values of other types, and types of users.</summary>
internal static class ContainerCases
{
    /// <summary>Makes the types that are no built-in ones.</summary>
    public const string Setup =
        """"
        CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"', 'happy 😀', '\back', '');
        CREATE TYPE pair AS (a int, "the ""b""" text, c numeric(10,2));
        CREATE TYPE nest AS (p pair, m mood[], r int4range);
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN price AS numeric(10,2);
        CREATE DOMAIN small AS positive CHECK (VALUE < 100);
        CREATE DOMAIN grid AS int[][];
        CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
        CREATE DOMAIN whole AS pair CHECK (VALUE IS NULL OR (VALUE).a > 0);
        """";

    private const string Pair =
        "CASE WHEN v IS DISTINCT FROM NULL THEN concat_ws(';', coalesce((v).a::text, '∅'), coalesce((v).\"the "
        + "\"\"b\"\"\", '∅'), coalesce((v).c::text, '∅')) END";

    private const string DuckPair =
        "CASE WHEN v IS NOT NULL THEN concat_ws(';', coalesce(v['a']::VARCHAR, '∅'), coalesce(v['the \"b\"'], '∅'), "
        + "coalesce(v['c']::VARCHAR, '∅')) END";

    private const string PairType = "STRUCT(\"a\" INTEGER, \"the \"\"b\"\"\" VARCHAR, \"c\" DECIMAL(10,2))";
    private const string Mood = """ENUM('sad', 'it''s "ok"', 'happy 😀', '\back', '')""";
    private static readonly string s_nest = "CASE WHEN v IS DISTINCT FROM NULL THEN concat_ws('¦', "
        + $"{Part("(w.v).p", Pair)}, {Part("(w.v).m", Array(Plain))}, {Part("(w.v).r", Canonical.Range(Plain))}) END";

    private static readonly string s_duckNest = "CASE WHEN v IS NOT NULL THEN concat_ws('¦', "
        + $"{DuckPart(DuckField("p"), DuckPair)}, {DuckPart(DuckField("m"), DuckArray(DuckPlain))}, "
        + $"{DuckPart(DuckField("r"), DuckRange(DuckPlain))}) END";

    private static readonly string[] s_pairs =
    [
        "ROW(1, 'a', 1.5)", "ROW(NULL, NULL, NULL)", "ROW(2, '', -0.01)", "ROW(3, '(\"x\", \\y)', NULL)",
        "ROW(4, 'NULL', 99999999.99)",
        "ROW(5, 'a,b', 0)", "ROW(6, ' 😀 ', 1)", "ROW(7, repeat('\"\\', 1000), 1)",
    ];

    public static IReadOnlyList<TypeCase> Scalars =>
    [
        new("mood", Mood, Plain, DuckPlain, "'sad'", "'it''s \"ok\"'", "'happy 😀'", @"'\back'", "''"),
        new("pair", PairType, Pair, DuckPair, s_pairs),
        new("positive", "INTEGER", Plain, DuckPlain, "1", "2147483647"),
        new("price", "DECIMAL(10,2)", Plain, DuckDecimal, "1.5", "-0.01"),
        new("small", "INTEGER", Plain, DuckPlain, "1", "99"),
        new("whole", PairType, Pair, DuckPair, "ROW(1, 'a', 1.5)", "ROW(2, NULL, NULL)"),
        Range("int4range", "INTEGER", Plain, DuckPlain, "'empty'", "'[1,10)'", "'(,5]'", "'[1,)'", "'(,)'",
            "'[-2147483648,2147483647)'"),
        Range("int8range", "BIGINT", Plain, DuckPlain, "'[1,9223372036854775807)'"),
        Range("numrange", "VARCHAR", Plain, DuckPlain, "'(1.50,1e100]'", "'[0.0,)'", "'empty'", "'[-Infinity,NaN]'"),
        Range("daterange", "DATE", Days, DuckDays, "'[2024-01-01,2024-02-01)'", "'[-infinity,infinity]'",
            "'(,2024-01-01)'"),
        Range("tsrange", "TIMESTAMP", Micros, DuckMicros, "'[2024-01-01 00:00,2024-01-01 12:34:56.789)'",
            "'(-infinity,]'"),
        Range("tstzrange", "TIMESTAMPTZ", Micros, DuckMicros, "'[0044-03-15 12:00:00 BC,2024-01-01 12:34:56.789+02)'"),
        Range("textrange", "VARCHAR", Plain, DuckPlain,
            "textrange('', ' b')", "textrange('a\"\\', 'b)]\",(')", "textrange('NULL', NULL)", "textrange('x', 'x')"),
        new("nest", $"STRUCT(\"p\" {PairType}, \"m\" {Mood}[], \"r\" {RangeOf("INTEGER")})", s_nest, s_duckNest,
            "ROW(ROW(1, 'x y', 2.50), '{sad,NULL}', '[1,5)')", "ROW(NULL, NULL, NULL)"),
        new("int4multirange", $"{RangeOf("INTEGER")}[]", Multirange(Plain), DuckArray(DuckRange(DuckPlain)), "'{}'",
            "'{[1,3),[5,7)}'", "'{(,1),[9,)}'"),
        new("nummultirange", $"{RangeOf("VARCHAR")}[]", Multirange(Plain), DuckArray(DuckRange(DuckPlain)),
            "'{[1.5,2],(3,4.50)}'"),
        new("tstzmultirange", $"{RangeOf("TIMESTAMPTZ")}[]", Multirange(Micros), DuckArray(DuckRange(DuckMicros)),
            "'{[2024-01-01 00:00:00+00,2024-01-02 00:00:00.5+00)}'"),
        new("int2vector", "SMALLINT[]", Plain, "array_to_string(v, ' ')", "'1 2 -3'", "'7'"),
        new("oidvector", "UINTEGER[]", Plain, "array_to_string(v, ' ')", "'1 4294967295'", "'7'"),
        new("grid", "INTEGER[][]", Json, DuckJson, "'{}'", "'{{1,NULL},{3,4}}'"),
    ];

    /// <summary>Those whose arrays are told by cases of their own, or that are arrays themselves.</summary>
    public static IReadOnlyList<TypeCase> Others =>
    [
        new("integer[][]", "INTEGER[][]", Json, DuckJson, "'{}'", "'{{1,2},{3,NULL}}'", "'{{1}}'"),
        new("text[][][]", "VARCHAR[][][]", Json, DuckJson,
            "ARRAY[[['a', '{'], ['\"', NULL]], [['', 'NULL'], ['\\', '😀']]]", "'{}'"),
        new("aclitem[]", "VARCHAR[]", Json, DuckJson, "'{pg_monitor=r/pg_monitor,NULL}'") { NeedsText = true },
        new("bigint[]", "BIGINT[]", Json, DuckJson, Sequence("bigint")),
        new("text[]", "VARCHAR[]", Json, DuckJson, "ARRAY[repeat('\\\"', 50000), repeat('y', 100000)]",
            Sequence("text")),
    ];

    private static TypeCase Range(string type, string bound, string text, string duckText, params string[] values) =>
        new(type, RangeOf(bound), Canonical.Range(text), DuckRange(duckText), values);

    private static string RangeOf(string bound) =>
        $"STRUCT(\"lower\" {bound}, \"upper\" {bound}, lower_inc BOOLEAN, upper_inc BOOLEAN, \"empty\" BOOLEAN)";

    private static string Sequence(string type) =>
        $"(SELECT array_agg(CASE WHEN i % 7 = 0 THEN NULL ELSE i END::{type} ORDER BY i) FROM generate_series(1, 5000) "
        + "i)";
}
