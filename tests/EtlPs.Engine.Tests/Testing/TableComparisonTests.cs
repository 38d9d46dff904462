using DuckDB.NET.Data;
using EtlPs.Engine.Tests.Pipelines;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Testing;

/// <summary>What most tests rely on at their end must itself be able to find a difference.</summary>
public sealed class TableComparisonTests(ServerPool pool)
{
    private static readonly string[] s_tamperings =
    [
        "UPDATE public.t SET v = 'other' WHERE id = 1",
        "UPDATE public.t SET v = v || ' ' WHERE id = 1",
        "UPDATE public.t SET w = 'né' WHERE id = 1",
        "UPDATE public.t SET v = NULL WHERE id = 1",
        "UPDATE public.t SET v = '' WHERE v IS NULL",
        "UPDATE public.t SET v = 'NULL' WHERE v IS NULL",
        "UPDATE public.t SET v = '∅' WHERE v IS NULL",
        "UPDATE public.t SET v = 'a', w = 'b|c' WHERE id = 3",
        "UPDATE public.t SET v = '4:a|b|1', w = 'c' WHERE id = 3",
        "UPDATE public.t SET n = n + 0.01 WHERE id = 1",
        "UPDATE public.t SET f = nextafter(f, 'Infinity'::DOUBLE) WHERE id = 1",
        "UPDATE public.t SET moment = moment + INTERVAL 1 MICROSECOND WHERE id = 1",
        "UPDATE public.t SET b = '\\x00'::BLOB WHERE id = 1",
        "UPDATE public.t SET l = [1, 2] WHERE id = 1",
        "UPDATE public.t SET l = [NULL, 1] WHERE id = 1",
        "DELETE FROM public.t WHERE id = 1",
        "INSERT INTO public.t SELECT * REPLACE (4 AS id) FROM public.t WHERE id = 1",
        "INSERT INTO public.t SELECT * FROM public.t WHERE id = 1",
        "DELETE FROM public.t WHERE id = 1; INSERT INTO public.t SELECT * FROM public.t WHERE id = 2",
        "TRUNCATE public.t",
        "ALTER TABLE public.t DROP COLUMN w",
        "DROP TABLE public.t",
        "DROP TABLE other.empty",
        "INSERT INTO other.empty VALUES (1)",
    ];

    [Fact]
    public async Task Every_difference_between_the_sides_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, v text, w text, n numeric(8,2), f float8, moment timestamptz, b bytea,
                l int[]);
            INSERT INTO t VALUES (1, 'one', 'ne', 1.25, 0.1, '2024-01-01Z', '\x01', ARRAY[1, NULL]);
            INSERT INTO t VALUES (2, NULL, 'two', 0, 0, NULL, NULL, NULL),
                (3, 'a|b', 'c', NULL, NULL, NULL, NULL, NULL);
            CREATE SCHEMA other; CREATE TABLE other.empty (id int PRIMARY KEY);
            """);
        await scenario.BackfillAsync();
        await scenario.AssertEqualAsync();
        var untold = new List<string>();
        foreach (var tampering in s_tamperings)
        {
            var copy = scenario.File + "2";
            File.Copy(scenario.File, copy, overwrite: true);
            Execute(copy, tampering);
            var differences = await TableComparison.DifferencesAsync(
                scenario.Database.ConnectionString, copy, TestContext.Current.CancellationToken);
            if (differences.Count == 0) untold.Add(tampering);
        }
        Assert.Empty(untold);
        await scenario.AssertEqualAsync();
    }

    private static void Execute(string file, string sql)
    {
        using var connection = new DuckDBConnection($"DataSource={file}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
