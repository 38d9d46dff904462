using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// How far a copy has come, of a table whose large values are compressed: ten times as many bytes come as it has.
/// </summary>
public sealed class CopyMeterTests : IPipelineObserver
{
    private static readonly TableName Table = new("public", "t");
    private static readonly Heap OfTable = new(1, "t", 1, 80, 800);
    private static readonly HeapRange First = new(OfTable, new CopyRange(0, 5), 400);
    private static readonly HeapRange Second = new(OfTable, new CopyRange(5, null), 400);

    private readonly List<TableCopyProgress> _reports = [];

    [Fact]
    public void A_range_that_is_in_counts_by_the_tables_own_bytes_and_a_range_under_way_by_what_the_others_took()
    {
        var meter = new CopyMeter(this, Table, tableBytes: 800, leftBytes: 800, []);
        Assert.Equal(0, meter.Fraction);
        meter.Begin(First);
        meter.Add(10, 100);
        Assert.Equal(0.125, meter.Fraction);
        meter.Add(90, 3900);
        Assert.InRange(meter.Fraction!.Value, 0.49, 0.4999);
        meter.End(First, 100, 4000, isStored: true);
        Assert.Equal(0.5, meter.Fraction);
        meter.Begin(Second);
        meter.Add(50, 2000);
        Assert.Equal(0.75, meter.Fraction);
        meter.Add(50, 9000);
        meter.End(Second, 100, 11000, isStored: true);
        Assert.Equal(0.99, meter.Fraction);
        meter.Complete();
        Assert.Equal((200L, 15000L, 1.0, true), Last());
    }

    [Fact]
    public void A_range_that_is_not_stored_is_taken_back()
    {
        var meter = new CopyMeter(this, Table, tableBytes: 800, leftBytes: 800, []);
        meter.Begin(First);
        meter.Begin(Second);
        meter.Add(10, 100);
        meter.Add(20, 200);
        meter.End(First, 10, 100, isStored: false);
        Assert.Equal((20L, 200L, 0.25), (meter.Rows, meter.Bytes, meter.Fraction));
    }

    [Fact]
    public void A_copy_that_goes_on_counts_on_from_what_is_in()
    {
        var known = new RangeRecord(1, 1, 0, 5, new Lsn(1), 1, 100, 4000);
        var meter = new CopyMeter(this, Table, tableBytes: 800, leftBytes: 400, [known]);
        Assert.Equal((100L, 4000L, 0.5), (meter.Rows, meter.Bytes, meter.Fraction));
        meter.Begin(Second);
        meter.Add(50, 2000);
        Assert.Equal(0.75, meter.Fraction);
    }

    [Fact]
    public void Of_a_view_nobody_knows_how_much_is_to_come()
    {
        var meter = new CopyMeter(this, Table, tableBytes: 0, leftBytes: 0, []);
        meter.Begin(First with { Bytes = 0 });
        meter.Add(10, 100);
        Assert.Null(meter.Fraction);
        meter.End(First with { Bytes = 0 }, 10, 100, isStored: true);
        meter.Complete();
        Assert.Equal((10L, 100L, 1.0, true), Last());
    }

    void IPipelineObserver.Post(PipelineEvent pipelineEvent) => _reports.Add((TableCopyProgress)pipelineEvent);

    private (long Rows, long Bytes, double? Fraction, bool Completed) Last() =>
        (_reports[^1].Rows, _reports[^1].Bytes, _reports[^1].Fraction, _reports[^1].Completed);
}
