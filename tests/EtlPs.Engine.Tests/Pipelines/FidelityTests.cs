using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>What a sample of a user's rows tells of each column.</summary>
public sealed class FidelityTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Columns_of_all_kinds_are_exact_and_nothing_is_made()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"'); CREATE DOMAIN positive AS numeric(10,3) CHECK (VALUE > 0);
            CREATE TYPE pair AS (a int, "B b" text, c numeric[]);
            CREATE TABLE every (id int8 PRIMARY KEY, b bool, s smallint, r real, d float8, n numeric, m numeric(20,5),
                p positive, t text, c char(5),
              x bytea, da date, ti time, tz timetz, ts timestamp, tsz timestamptz, iv interval, u uuid, j json, jb jsonb, i inet, mo mood,
              ia int[], ta text[], grid int[][], na numeric[], pr pair, prs pair[], ra int4range, nr numrange,
                  bits bit(5), mny money, o oid, nm name);
            INSERT INTO every VALUES
              (1, true, -1, 0.1, 1e300, 1.10, -0.5, 0.001, E'a\n¦', 'ab', '\x00ff', '2024-02-29', '24:00:00', '12:00+05:30', '2024-01-01 00:00:00.000001',
               'infinity', '1 mon -2 days 03:04:05.6', '00000000-0000-0000-0000-000000000001', '{"a" : 1}', '{"a": 1}', '10.0.0.1', 'it''s "ok"',
               '{1,NULL,3}', '{"",NULL,"a,b"}', '{{1,2},{3,4}}', '{1.10,NaN}', ROW(1, 'x', '{1.5}'), ARRAY[ROW(1, NULL, NULL)::pair, NULL], '[1,5)', '(,1.50]', B'10101', 1.23, 4000000000, 'nm'),
              (2, false, 1, 'NaN', '-Infinity', 'NaN', 12345.67890, 1, '', '', '', '0044-03-15 BC', '00:00', '00:00-12', '-infinity', '0044-03-15 BC', '-1 year', NULL, 'null',
               'null', '::1/64', 'sad', '{}', '{}', '{}', '{}', ROW(NULL, NULL, NULL), '{}', 'empty', NULL, B'00000', -1, 0, '');
            INSERT INTO every (id) VALUES (3)
            """);
        var columns = await scenario.Pipeline().TestFidelityAsync([], 1000, Token);

        Assert.Equal(34, columns.Count);
        Assert.All(columns, c => Assert.True(c.Exact == true, $"{c.Column} {c.DuckDbType}: {c.Reason}"));
        Assert.All(columns, c => Assert.Equal(3, c.Rows));
        Assert.False(File.Exists(scenario.File));
        Assert.Equal(0L, await scenario.ScalarAsync<long>("SELECT count(*) FROM pg_publication"));
    }

    [Fact]
    public async Task What_DuckDB_cannot_hold_is_told_by_kind_and_number_and_the_definition_counts()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, price numeric(10,2), at timestamp, grid int[], n numeric);
            INSERT INTO t VALUES (1, 'NaN', '294270-01-01', '{{1}}', 0.1),
                (2, 'NaN', NULL, '[0:0]={1}', 0.12345678901234567890123), (3, 1, '2024-01-01', '{1}', NULL)
            """);
        var plain = await scenario.Pipeline().TestFidelityAsync(["t"], 10, Token);
        var chosen = await new Pipeline(scenario.Definition() with
        {
            UnboundedNumeric = new Dictionary<string, UnboundedNumeric> { ["*"] = UnboundedNumeric.Parse("Double") },
            OnUnrepresentable = new Dictionary<string, OnUnrepresentable> { ["*"] = OnUnrepresentable.Text },
        }).TestFidelityAsync([], 10, Token);

        Assert.Equal(
            [
                "id ", "price NaN (2)", "at beyond DuckDB's last timestamp (1)",
                "grid an array of more than one dimension (1), an array whose lower bound is not 1 (1)", "n ",
            ],
            plain.Select(c => $"{c.Column} {c.Reason}"));
        Assert.Equal([true, false, false, false, true], plain.Select(c => c.Exact));
        Assert.All(chosen, c => Assert.True(c.Exact == true, $"{c.Column} {c.DuckDbType}: {c.Reason}"));
        var doubles = await new Pipeline(scenario.Definition() with
        {
            UnboundedNumeric = new Dictionary<string, UnboundedNumeric> { ["t.n"] = UnboundedNumeric.Parse("Double") },
        }).TestFidelityAsync([], 10, Token);
        Assert.Equal((false, "more digits than DOUBLE holds (1)"), (doubles[4].Exact, doubles[4].Reason));
    }

    [Fact]
    public async Task A_sample_has_as_many_rows_as_asked_for_also_of_large_and_partitioned_tables_and_beside_a_run()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE big (id int PRIMARY KEY, filler text);
            INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 30000) g; ANALYZE big;
            CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF parts FOR VALUES FROM (0) TO (50);
            CREATE TABLE p2 PARTITION OF parts FOR VALUES FROM (50) TO (1000);
            INSERT INTO parts SELECT g, g FROM generate_series(1, 100) g; CREATE TABLE empty (id int PRIMARY KEY)
            """);
        var pipeline = scenario.Pipeline();
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);

        var columns = await pipeline.TestFidelityAsync([], 100, Token);

        Assert.Equal("big 100, empty 0, parts 100", string.Join(", ", columns.Where(c => c.Column == "id")
            .OrderBy(c => c.Table.Name).Select(c => $"{c.Table.Name} {c.Rows}")));
        Assert.All(columns, c => Assert.True(c.Exact));
        Assert.Equal(
            EtlErrorCode.TableNotFound,
            (await Assert.ThrowsAsync<EtlException>(() => pipeline.TestFidelityAsync(["none"], 10, Token))).Code);
    }
}
