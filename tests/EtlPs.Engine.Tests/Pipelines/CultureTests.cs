using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>What is told is the same wherever it runs.</summary>
public sealed class CultureTests(ServerPool pool) : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => CultureInfo.CurrentCulture = _before;

    [Fact]
    public async Task A_plan_tells_megabytes_with_a_point()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); "
            + "INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 1000) n");
        CultureInfo.CurrentCulture = Other();

        var plan = await scenario.Pipeline().PlanBackfillAsync(new BackfillOptions(), Token);

        Assert.Contains(plan.Effects, e => e.Action.StartsWith("Copy 1 tables, 0.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_slot_without_a_reader_tells_since_when_by_the_calendar_of_ISO_8601()
    {
        CultureInfo.CurrentCulture = Other();
        var lag = new SlotLag("s", false, null, null, null, Lsn.Zero, null, null, "reserved", null, null)
        {
            InactiveSince = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        };

        Assert.Equal("no reader since 2026-01-02 03:04:05 UTC", lag.HeldBy);
    }

    [Fact]
    public async Task A_query_of_a_source_gives_ranges_and_what_holds_them_as_Postgres_writes_them()
    {
        await using var database = await pool.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TYPE span AS (what text, during tsrange)", Token);
        CultureInfo.CurrentCulture = Other();

        var row = (await new PostgresSource(SourceSettings.Parse(database.ConnectionString)).QueryAsync(
            """
            SELECT int4range(1, 5), numrange(1.5, 2.5, '[]'), daterange('2026-01-02', NULL), 'empty'::int8range,
                tsrange('2026-01-02 03:04:05.5', '2026-02-01'), tstzrange('2026-01-02 03:04:05Z', 'infinity'),
                ARRAY[numrange(1.5, 2.5)], '{[1,3),[5,7)}'::int4multirange, ARRAY[['(1,2.5)'::point]],
                ROW('x', numrange(1.5, NULL)), ARRAY[1, 2]
            """, Token)).Rows.Single();

        Assert.Equal(
            ["[1,5)", "[1.5,2.5]", "[2026-01-02,)", "empty", "[\"2026-01-02 03:04:05.5\",\"2026-02-01 00:00:00\")",
                "[\"2026-01-02 03:04:05+00\",infinity)"],
            row.Take(6));
        Assert.Equal(new object?[] { "[1.5,2.5)" }, row[6]);
        Assert.Equal(new object?[] { "[1,3)", "[5,7)" }, row[7]);
        Assert.Equal(new object[,] { { "(1,2.5)" } }, row[8]);
        Assert.Equal(new object?[] { "x", "[1.5,)" }, row[9]);
        Assert.Equal(new[] { 1, 2 }, row[10]);
    }

    private static CultureInfo Other()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.DateTimeFormat.TimeSeparator = ".";
        culture.DateTimeFormat.DateSeparator = "/";
        return culture;
    }
}
