using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Tests.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Databases in other encodings than UTF-8: the server converts, where it knows what the bytes mean.</summary>
public sealed class EncodingTests(ServerPool pool)
{
    private const string Tables =
        """
        CREATE EXTENSION hstore; CREATE DOMAIN pairs AS hstore; CREATE TYPE held AS (p pairs, n int);
        CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(20), c char(8), d text[], e json, f name,
            g text NOT NULL DEFAULT '',
                        h hstore, i hstore[], j held);
        """;

    [Theory]
    [InlineData("LATIN1", "Grüße £ ÿ ¤")]
    [InlineData("WIN1252", "Grüße € “œuvre” ™")]
    [InlineData("EUC_JP", "日本語 ｶﾅ かな")]
    [InlineData("UTF8", "日本語 😀")]
    public async Task Text_arrives_as_utf8_by_copy_and_stream(string encoding, string text)
    {
        await using var scenario = await CreateAsync(encoding, Tables);
        await scenario.ExecuteAsync(Row(1, text));
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(Row(2, text) + $"UPDATE t SET g = '{text}' WHERE id = 1");
        await scenario.CatchUpAsync();

        await AssertSameAsync(scenario);
        var found = await scenario.Pipeline().QueryAsync(
            "SELECT DISTINCT concat_ws('|', a, b, d[1], f, map_keys(h)[1], map_keys(i[1])[1], map_values(j.p)[1]) FROM "
            + "public.t",
            TestContext.Current.CancellationToken);
        Assert.Equal(string.Join('|', Enumerable.Repeat(text, 7)), Assert.Single(found.Rows)[0]);
    }

    [Fact]
    public async Task Text_of_a_database_without_an_encoding_arrives_where_it_is_utf8()
    {
        await using var scenario = await CreateAsync("SQL_ASCII", Tables);
        await scenario.ExecuteAsync(Row(1, "日 語 😀"));
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(Row(2, "AGr üße"));
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario);
    }

    [Theory]
    [InlineData("a text", "convert_from('\\xe9'::bytea, 'SQL_ASCII')")]
    [InlineData("a varchar(5)", "convert_from('\\xe9'::bytea, 'SQL_ASCII')")]
    [InlineData("a name", "convert_from('\\xe9'::bytea, 'SQL_ASCII')::name")]
    [InlineData("a text[]", "ARRAY['ok', convert_from('\\xe9'::bytea, 'SQL_ASCII')]")]
    [InlineData("a json", "('\"' || convert_from('\\xe9'::bytea, 'SQL_ASCII') || '\"')::json")]
    [InlineData("a tsvector", "('x' || convert_from('\\xe9'::bytea, 'SQL_ASCII'))::tsvector")]
    [InlineData("a textrange", "textrange(NULL, convert_from('\\xe9'::bytea, 'SQL_ASCII'))")]
    public async Task Bytes_that_are_no_utf8_are_refused_by_copy_and_stream(string column, string value)
    {
        await using var scenario = await CreateAsync(
            "SQL_ASCII",
            $"CREATE TYPE textrange AS RANGE (subtype = text); CREATE TABLE t (id int PRIMARY KEY, {column}); "
            + $"INSERT INTO t VALUES (1, {value})");
        AssertRefused(Assert.Single(await scenario.BackfillAsync()).Error, "id=1");

        await scenario.ExecuteAsync("DELETE FROM t");
        await scenario.BackfillAsync(new BackfillOptions { Restart = true });
        await scenario.ExecuteAsync($"INSERT INTO t VALUES (2, {value})");
        AssertRefused(Assert.Single((await scenario.CatchUpAsync()).SetAside).Error, "id=2");
    }

    [Fact]
    public async Task Under_Text_any_bytes_arrive_as_text_from_which_they_can_be_had_back()
    {
        await using var scenario = await CreateAsync("SQL_ASCII", """
            CREATE EXTENSION citext; CREATE TYPE textrange AS RANGE (subtype = text);
            CREATE FUNCTION any_text(hex text) RETURNS text LANGUAGE sql AS $$ SELECT convert_from(decode(hex, 'hex'),
                'SQL_ASCII') $$;
            CREATE TABLE t (k text PRIMARY KEY, a varchar(40), c char(9), d text[], e json, f name, v tsvector,
                r textrange, i int, b bytea, big text);
            ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
            """);
        var pipeline = new Pipeline(scenario.Definition() with
        {
            OnUnrepresentable = new Dictionary<string, OnUnrepresentable> { ["*"] = OnUnrepresentable.Text },
        });
        await scenario.ExecuteAsync(AnyRows("copied"));
        Assert.All(await pipeline.BackfillAsync(new BackfillOptions(), scenario, TestContext.Current.CancellationToken),
            r => Assert.Null(r.Error));
        await AssertBytesAsync(scenario);
        await scenario.ExecuteAsync(AnyRows("streamed"));
        await scenario.ExecuteAsync(
            "UPDATE t SET i = 7; UPDATE t SET k = k || any_text('fe') WHERE a IS NULL; "
            + "DELETE FROM t WHERE k = any_text('ff') || 'copied'");
        var streamed = await pipeline.StreamAsync(
            new StreamOptions { UntilCaughtUp = true }, scenario, TestContext.Current.CancellationToken);
        Assert.Empty(streamed.SetAside);
        await AssertBytesAsync(scenario);

        var fidelity = await pipeline.TestFidelityAsync([], 100, TestContext.Current.CancellationToken);
        Assert.All(fidelity, c => Assert.Equal((true, null), (c.Exact, c.Reason)));
        Assert.Equal(
            "INTEGER BLOB", string.Join(' ', fidelity.Where(c => c.Column is "i" or "b").Select(c => c.DuckDbType)));
    }

    [Fact]
    public async Task Under_Text_a_row_is_fetched_from_the_source_by_a_key_of_any_bytes()
    {
        await using var scenario = await CreateAsync("SQL_ASCII", """
            CREATE TABLE t (k text, c char(5), n int, big text, PRIMARY KEY (k, c));
            ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
            INSERT INTO t SELECT convert_from(decode(hex, 'hex'), 'SQL_ASCII'), convert_from('\xe9', 'SQL_ASCII'), 1,
                repeat(hex, 1500)
                FROM unnest('{ff,5c78,5c786666,c3a9,5ce9,27}'::text[]) AS hex
            """);
        var pipeline = new Pipeline(scenario.Definition() with
        {
            OnUnrepresentable = new Dictionary<string, OnUnrepresentable> { ["*"] = OnUnrepresentable.Text },
        });
        var start = new StreamOptions { SkipBackfill = true, UntilCaughtUp = true };
        await pipeline.StreamAsync(start, scenario, TestContext.Current.CancellationToken);
        await scenario.ExecuteAsync("UPDATE t SET n = 2");
        Assert.Empty((await pipeline.StreamAsync(start, scenario, TestContext.Current.CancellationToken)).SetAside);

        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', encode(convert_to(k, 'SQL_ASCII'), 'hex'), n, md5(big)) FROM t",
            @"SELECT concat_ws('|', CASE WHEN starts_with(k, '\x') THEN k[3:] ELSE lower(hex(encode(k))) END, n, md5(big)) FROM public.t");
    }

    private static string AnyRows(string mark) =>
        string.Join(';', ((string[])["ff", "5c78", "5c78666f6f", "5c786666", "c3a9", "c3", "41", "", "e9275c22"])
            .Select(hex =>
            $"INSERT INTO t SELECT x || '{mark}', x, left(x, 3), ARRAY[x, 'ok', NULL], to_json('ok'::text), 'ok', ('a' "
            + $"|| quote_literal(x))::tsvector, textrange(NULL, x), 1, decode('ff{hex}', 'hex'), repeat(x || 'y', "
            + $"1500) FROM any_text('{hex}') AS x"))
        + $"; INSERT INTO t (k) VALUES (any_text('fd') || '{mark}')";

    /// <summary>
    /// By the rule in docs/types.md: what begins with <c>\x</c> is hex, and all else is what it says.
    /// </summary>
    private static Task AssertBytesAsync(Scenario scenario)
    {
        string[] columns = ["k", "a", "c", "d", "e", "f", "v", "r", "big"];
        var sent = columns.Select(
            c => $"CASE WHEN {c} IS NULL THEN '~' ELSE encode(convert_to(format('%s', {c}), 'SQL_ASCII'), 'hex') END");
        var found = columns.Select(
            c => $@"coalesce(CASE WHEN starts_with({c}, '\x') THEN {c}[3:] ELSE lower(hex(encode({c}))) END, '~')");
        return scenario.AssertSameAsync(
            $"SELECT concat_ws('|', {string.Join(", ", sent.SkipLast(1))}, md5({sent.Last()}), i, encode(b, 'hex')) "
            + "FROM t",
            $"SELECT concat_ws('|', {string.Join(", ", found.SkipLast(1))}, md5({found.Last()}), i, lower(hex(b))) "
            + "FROM public.t");
    }

    private static Task AssertSameAsync(Scenario scenario) => scenario.AssertSameAsync(
        """
        SELECT concat_ws('|', id, a, b, format('%s', c), d[1], e, f, g,
                         akeys(h)::text, avals(h)::text, akeys(i[1])::text, avals((j).p)::text) FROM t
        """,
        $"""
        SELECT concat_ws('|', id, a, b, c, d[1], e, f, g, {Texts("map_keys(h)")}, {Texts("map_values(h)")},
                         {Texts("map_keys(i[1])")}, {Texts("map_values(j.p)")}) FROM public.t
        """);

    // As Postgres writes an array of texts that need quotes at most for their spaces.
    private static string Texts(string list) =>
        $"""
        '{'{'}' || array_to_string(list_transform({list}, lambda x: CASE
            WHEN x IS NULL THEN 'NULL' WHEN contains(x, ' ') THEN '"' || x || '"' ELSE x END), ',') || '{'}'}'
        """;

    private static void AssertRefused(EtlException? error, string key)
    {
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "a", key), (error!.Code, error.Column, error.Key));
        Assert.Contains("UTF-8", error.Message, StringComparison.Ordinal);
    }

    private async Task<Scenario> CreateAsync(string encoding, string setup) => await Scenario.CreateAsync(
        await pool.CreateEncodedDatabaseAsync(encoding, $"encoding_{encoding}"), setup);

    private static string Row(int id, string text) =>
        $"INSERT INTO t VALUES ({id}, '{text}', '{text}', left('{text}', 4), ARRAY['{text}', NULL], "
        + $"to_json('{text}'::text), '{text}'::name, '', hstore('{text}', NULL), ARRAY[hstore('{text}', 'x')], "
        + $"ROW(hstore('k', '{text}'), 1));";
}
