using static EtlPs.Engine.Tests.Types.Canonical;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Types of extensions that come with Postgres, known and unknown ones.</summary>
internal static class ExtensionCases
{
    public const string Setup =
        "CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube; "
        + "CREATE EXTENSION seg; CREATE EXTENSION isn;";

    private const string Pairs =
        "CASE WHEN v IS NOT NULL THEN coalesce((SELECT string_agg(key || '=' || coalesce(value, '∅'), ';' ORDER BY key "
        + "COLLATE \"C\") FROM each(w.v)), '') END";

    private const string DuckPairs =
        "CASE WHEN v IS NOT NULL THEN coalesce(array_to_string(list_transform(list_sort(map_entries(v)), "
        + "lambda e: e.key || '=' || coalesce(e.value, '∅')), ';'), '') END";

    public static IReadOnlyList<TypeCase> All =>
    [
        new("hstore", "MAP(VARCHAR, VARCHAR)", Pairs, DuckPairs,
            "''", "'a=>1'", "'a=>1, b=>NULL, c=>\"NULL\"'",
            "hstore(ARRAY['', '\"', '\\', 'é 😀', 'a=>b, c'], ARRAY['', '\"\\', ' ', '😀', '=>'])"),
        new("citext", "VARCHAR", Plain, DuckPlain, "'MiXed'", "''", "'É 😀'"),
        new("ltree", "VARCHAR", Plain, DuckPlain, "'Top.Science.Astronomy'", "''"),
        new("lquery", "VARCHAR", Plain, DuckPlain, "'*.Science.*{1,2}'"),
        new("ltxtquery", "VARCHAR", Plain, DuckPlain, "'a & b*@'"),
        new("cube", "VARCHAR", Plain, DuckPlain, "'(1, 2),(3, 4.5)'") { NeedsText = true },
        new("seg", "VARCHAR", Plain, DuckPlain, "'1.50 .. 2'"),
        new("isbn", "VARCHAR", Plain, DuckPlain, "'978-0-393-04002-9'"),
    ];
}
