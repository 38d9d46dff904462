using EtlPs.Benchmarks.Baselines;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// The same WAL drained by EtlPs into a file that holds the whole table, by pg_recvlogical to /dev/null, and by a
/// reader that throws everything away, whose processor time is what EtlPs's own is counted above.
/// </summary>
internal sealed class StreamSuite(TestDatabase database, EtlRuns etl)
{
    private const string Slot = "baseline";
    private const string DiscardSlot = "discard";
    private const double MostMicroseconds = 3;

    public async IAsyncEnumerable<IFigure> RunAsync(int scale, int times)
    {
        await TpcB.CreateAsync(database, scale);
        int changes = scale * 20_000;
        int rows = scale * Accounts.RowsOfScale;
        Pipeline pipeline = await etl.PrepareStreamAsync(TpcB.Tables);
        await WarmUpAsync(pipeline, StreamWorkload.Sequential(20_000));
        foreach ((StreamWorkload workload, double limit) in new[]
        {
            (StreamWorkload.Sequential(changes), 1.3),
            (StreamWorkload.Scattered(changes, rows), 1.1),
            (StreamWorkload.OneTransaction(changes, rows), 1.1),
            (StreamWorkload.Bank(changes, scale), 1.1),
        })
        {
            var drain = new RecvLogical(database);
            var reading = new List<TimeSpan>();
            var ours = new List<TimeSpan>();
            var used = new List<TimeSpan>();
            for (int i = 0; i < times; i++)
            {
                await drain.PrepareAsync(Slot, TpcB.Tables);
                await drain.PrepareSlotAsync(DiscardSlot);
                await workload.WriteAsync(database);
                await database.ExecuteAsync("CHECKPOINT");
                reading.Add(await drain.DrainAsync(Slot));
                (_, TimeSpan discarding) = await ProcessorTime.OfAsync(
                    () => ReadAndDiscard.RunAsync(database, DiscardSlot, drain.Publication, workload.Changes));
                await drain.DropSlotAsync(DiscardSlot);
                (TimeSpan elapsed, TimeSpan storing) = await ProcessorTime.OfAsync(
                    () => etl.StreamAsync(pipeline, workload.Changes));
                ours.Add(elapsed);
                used.Add(storing - discarding);
            }
            yield return new Ratio(
                $"Stream, {workload.Name}", new("EtlPs", ours), new("pg_recvlogical", reading), limit);
            yield return new Bound(
                $"Stream, {workload.Name}, processor time above reading",
                new Measurement("", used).Median.TotalMicroseconds / workload.Changes, MostMicroseconds, "µs a change");
        }
        await etl.RemoveAsync(pipeline);
    }

    /// <summary>Compilation takes as long as tens of thousands of changes.</summary>
    private async Task WarmUpAsync(Pipeline pipeline, StreamWorkload workload)
    {
        var drain = new RecvLogical(database);
        await drain.PrepareAsync(DiscardSlot, TpcB.Tables);
        await workload.WriteAsync(database);
        await ReadAndDiscard.RunAsync(database, DiscardSlot, drain.Publication, workload.Changes);
        await drain.DropSlotAsync(DiscardSlot);
        await etl.StreamAsync(pipeline, workload.Changes);
    }
}
