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
            pool, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 1000) n");
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

    private static CultureInfo Other()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.DateTimeFormat.TimeSeparator = ".";
        culture.DateTimeFormat.DateSeparator = "/";
        return culture;
    }
}
