using System.Numerics;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class QueryTests : IDisposable
{
    private const string Endless =
        "SELECT count(*) FROM range(100_000_000) a, range(100_000) b WHERE a.range % 7 = b.range % 5";

    private readonly TemporaryFolder folder = new();
    private readonly DuckDbFile file;

    public QueryTests()
    {
        file = DuckDbFile.Open(new DuckDbSettings(folder["q.duckdb"]));
        using var connection = file.Connect();
        connection.Execute("CREATE TABLE t AS SELECT i::INTEGER AS i, 'n' || i AS s FROM range(3) r(i)");
        connection.Execute("CREATE SEQUENCE q");
    }

    public void Dispose()
    {
        file.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("select i from t where i = 0;")]
    [InlineData("FROM t LIMIT 1")]
    [InlineData("WITH x AS (SELECT 1) SELECT * FROM x")]
    [InlineData("VALUES (1)")]
    [InlineData("SHOW TABLES")]
    [InlineData("DESCRIBE t")]
    [InlineData("SUMMARIZE t")]
    [InlineData("EXPLAIN SELECT * FROM t")]
    [InlineData("  explain\tanalyze\nSELECT * FROM t")]
    [InlineData("PIVOT t ON s IN ('n1') USING sum(i)")]
    public void A_reading_statement_runs(string sql) => Assert.NotEmpty(file.Query(sql, Cancellation).Rows);

    [Theory]
    [InlineData("INSERT INTO t VALUES (9, 'x') RETURNING *")]
    [InlineData("UPDATE t SET i = 1")]
    [InlineData("CREATE TABLE u (i INT)")]
    [InlineData("CREATE TEMP TABLE u (i INT)")]
    [InlineData("COPY t TO '{0}'")]
    [InlineData("EXPLAIN ANALYZE COPY t TO '{0}'")]
    [InlineData("EXPLAIN (ANALYZE) COPY t TO '{0}'")]
    [InlineData("EXPLAIN ANALYZE/**/COPY t TO '{0}'")]
    [InlineData("EXPLAIN/**/ANALYZE COPY t TO '{0}'")]
    [InlineData("EXPLAIN EXPLAIN ANALYZE COPY t TO '{0}'")]
    [InlineData("EXPORT DATABASE '{0}'")]
    [InlineData("ATTACH '{0}'")]
    [InlineData("SET threads = 1")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("PRAGMA enable_profiling")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD json")]
    [InlineData("CHECKPOINT")]
    [InlineData("COMMIT")]
    [InlineData("PREPARE v AS SELECT 1")]
    [InlineData("SELECT nextval('q')")]
    [InlineData("SELECT * FROM query('COPY t TO ''{0}''')")]
    [InlineData("SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '{0}')")]
    [InlineData("SELECT * FROM read_text('{1}')")]
    [InlineData("SELECT 1; SELECT 2")]
    [InlineData("SELECT 1; DROP TABLE t")]
    [InlineData("COMMIT; INSERT INTO t VALUES (9, 'x')")]
    [InlineData("SELECT ?")]
    [InlineData("")]
    [InlineData("-- nothing")]
    [InlineData("SELEKT 1")]
    public void Anything_else_is_refused_and_writes_nothing(string sql)
    {
        var (target, readable) = (folder["out"], folder["readable.txt"]);
        File.WriteAllText(readable, "secret");
        sql = sql.Replace("{0}", target, StringComparison.Ordinal).Replace("{1}", readable, StringComparison.Ordinal);
        var error = Assert.Throws<EtlException>(() => file.Query(sql, Cancellation));

        Assert.Equal(EtlErrorCode.QueryFailed, error.Code);
        Assert.False(File.Exists(target) || Directory.Exists(target));
        Assert.Equal(3L, file.Query("SELECT count(*) FROM t", Cancellation).Rows[0][0]);
        Assert.Equal(1L, file.Query("SELECT count(*) FROM duckdb_tables()", Cancellation).Rows[0][0]);
    }

    [Fact]
    public void Values_arrive_as_plain_net_types()
    {
        var row = file.Query(
            """
            SELECT NULL, 1::TINYINT, 5::UBIGINT, 1.50::DECIMAL(10,2),
                99999999999999999999999999999999999999::DECIMAL(38,0),
                -9999999999999999999999999999999999.9999::DECIMAL(38,4),
                170141183460469231731687303715884105727::HUGEINT,
                '\x00\xFF'::BLOB, '00000000-0000-0000-0000-000000000001'::UUID, DATE '2024-01-02', TIME '10:11:12.5',
                INTERVAL '3 seconds', true, 'ü', 'nan'::DOUBLE, '{"a":1}'::JSON
            """, Cancellation).Rows[0];

        Assert.Equal(
            [
                null, (sbyte)1, 5UL, 1.50m, BigInteger.Parse("99999999999999999999999999999999999999"),
                "-9999999999999999999999999999999999.9999", BigInteger.Parse("170141183460469231731687303715884105727"),
                new byte[] { 0, 255 }, new Guid("00000000-0000-0000-0000-000000000001"), new DateOnly(2024, 1, 2),
                new TimeOnly(10, 11, 12, 500), TimeSpan.FromSeconds(3), true, "ü", double.NaN, "{\"a\":1}",
            ],
            row);
    }

    [Fact]
    public void Moments_keep_their_kind_and_those_that_net_lacks_become_text()
    {
        var row = file.Query(
            """
            SELECT TIMESTAMPTZ '2024-01-01 10:00:00+02', TIMESTAMP '2024-01-01 10:00:00.123456',
                'infinity'::TIMESTAMPTZ,
                '-infinity'::TIMESTAMP, 'infinity'::DATE, '0044-03-15 (BC)'::DATE, '20000-01-01'::DATE,
                '20000-01-01 01:02:03.5'::TIMESTAMP, TIME '24:00:00', INTERVAL '1 month 2 days',
                '10:00:00+05:30'::TIMETZ
            """, Cancellation).Rows[0];

        Assert.Equal(
            [
                new DateTime(2024, 1, 1, 8, 0, 0, DateTimeKind.Utc),
                new DateTime(2024, 1, 1, 10, 0, 0).AddMicroseconds(123456),
                "infinity", "-infinity", "infinity", "0044-03-15 (BC)", "20000-01-01", "20000-01-01 01:02:03.5",
                "24:00:00",
                "1 months 2 days 0 microseconds", "10:00:00+05:30",
            ],
            row);
        Assert.Equal(DateTimeKind.Utc, ((DateTime)row[0]!).Kind);
        Assert.Equal(DateTimeKind.Unspecified, ((DateTime)row[1]!).Kind);
    }

    [Fact]
    public void Lists_arrive_as_arrays_with_their_nulls()
    {
        var row = file.Query(
            "SELECT [1, NULL, 3], ['a', NULL], ['infinity'::TIMESTAMP, TIMESTAMP '2024-01-01'], "
            + "[[1], NULL, [NULL]], []::INT[], NULL::INT[], {'a': 1, 'b': NULL}", Cancellation).Rows[0];

        Assert.Equal(new object?[] { 1, null, 3 }, row[0]);
        Assert.Equal(new object?[] { "a", null }, row[1]);
        Assert.Equal(new object?[] { "infinity", new DateTime(2024, 1, 1) }, row[2]);
        Assert.Equal(new object?[] { new object?[] { 1 }, null, new object?[] { null } }, row[3]);
        Assert.Equal(Array.Empty<object?>(), row[4]);
        Assert.Null(row[5]);
        Assert.Equal(1, ((Dictionary<object, object?>)row[6]!)["a"]);
    }

    [Theory]
    [InlineData("SELECT [{0}]")]
    [InlineData("SELECT [[NULL, {0}]]")]
    [InlineData("SELECT array_value({0})")]
    [InlineData("SELECT {{'before': 1, 'At': {0}}}")]
    [InlineData("SELECT {{'list': [{{'at': {0}}}]}}")]
    [InlineData("SELECT [{{'at': {0}}}]")]
    [InlineData("SELECT MAP {{'key': {0}}}")]
    [InlineData("SELECT MAP {{{0}: 'value'}}")]
    public void A_moment_inside_another_value_is_the_same_as_by_itself(string sql)
    {
        (string Literal, object Expected)[] moments =
        [
            ("TIMESTAMPTZ '2024-01-01 10:00:00.5+02'", new DateTime(2024, 1, 1, 8, 0, 0, 500, DateTimeKind.Utc)),
            ("TIMESTAMP '2024-01-01 10:00:00.5'", new DateTime(2024, 1, 1, 10, 0, 0, 500, DateTimeKind.Unspecified)),
            ("'10:00:00.25+05:30'::TIMETZ", "10:00:00.25+05:30"),
        ];
        foreach (var (literal, expected) in moments)
        {
            var found = Leaf(file.Query(string.Format(null, sql, literal), Cancellation).Rows[0][0]);
            Assert.Equal(expected, found);
            Assert.Equal((expected as DateTime?)?.Kind, (found as DateTime?)?.Kind);
        }

        static object? Leaf(object? value) => value switch
        {
            Dictionary<object, object?> map =>
                map.Values.Concat(map.Keys).Select(Leaf).First(leaf => leaf is DateTime or string { Length: > 9 }),
            object?[] list => Leaf(list[^1]),
            _ => value,
        };
    }

    [Fact]
    public void Columns_keep_their_order_even_with_one_name_twice()
    {
        var result = file.Query("SELECT 1 AS a, 2 AS a, 3 AS b", Cancellation);

        Assert.Equal(["a", "a", "b"], result.Columns);
        Assert.Equal([1, 2, 3], result.Rows[0]);
    }

    [Fact]
    public void A_failed_conversion_does_not_repeat_the_value()
    {
        var error = Assert.Throws<EtlException>(() => file.Query("SELECT s::INTEGER FROM t", Cancellation));

        Assert.Equal(EtlErrorCode.QueryFailed, error.Code);
        Assert.DoesNotContain("n0", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_table_is_named()
    {
        var error = Assert.Throws<EtlException>(() => file.Query("SELECT * FROM nosuch", Cancellation));

        Assert.Contains("nosuch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_query_ends_when_it_is_cancelled()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        source.CancelAfter(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Run(
            () => file.Query(Endless, source.Token),
            Cancellation));
        Assert.Single(file.Query("SELECT 1", Cancellation).Rows);
    }

    [Fact]
    public async Task Closing_the_file_ends_a_query_that_runs_and_says_so()
    {
        var other = DuckDbFile.Open(new DuckDbSettings(folder["other.duckdb"]));
        var query = Task.Run(
            () => other.Query(Endless, Cancellation),
            Cancellation);
        await Eventually.IsTrueAsync(() => Task.FromResult(other.RunningQueries > 0), query, Cancellation);
        other.Dispose();

        Assert.Equal(EtlErrorCode.QueryFailed, (await Assert.ThrowsAsync<EtlException>(() => query)).Code);
        using var holder = HolderProcess.Start(folder["other.duckdb"]);
    }

    [Fact]
    public void A_query_sees_what_is_committed_while_a_writer_is_in_its_transaction()
    {
        using var writer = file.Connect();
        writer.Execute("BEGIN");
        writer.Execute("DELETE FROM t");

        Assert.Equal(3L, file.Query("SELECT count(*) FROM t", Cancellation).Rows[0][0]);
        writer.Execute("COMMIT");
        Assert.Equal(0L, file.Query("SELECT count(*) FROM t", Cancellation).Rows[0][0]);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
