using EtlPs.Benchmarks.Baselines;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// Copies with one worker and with two, against one psql to /dev/null and against the way by a CSV file; and what many
/// small tables cost beside their rows.
/// </summary>
internal sealed class BackfillSuite(TestDatabase database, EtlRuns etl, string folder, long memoryLimit)
{
    private const double MostOfCsv = 0.75;
    private const double MostMicrosecondsOfNarrowRow = 0.8;
    private const double MostMicrosecondsWithoutReading = 0.3;
    private const int MostStoredRows = 1_000_000;
    private static readonly TimeSpan MostForSmallTables = TimeSpan.FromSeconds(5);

    /// <summary>A table of few and short columns.</summary>
    public async IAsyncEnumerable<IFigure> NarrowAsync(int scale, int times)
    {
        await SettleAsync();
        int rows = scale * Accounts.RowsOfScale;
        await foreach (IFigure figure in MeasureAsync(
            "pgbench_accounts", Accounts.Table, [1.6, 1.25], times, rows)) yield return figure;
        yield return await MeasureWithoutReadingAsync(Math.Min(rows, MostStoredRows), times);
    }

    /// <summary>A table of many columns.</summary>
    public async IAsyncEnumerable<IFigure> WideAsync(int scale, int times)
    {
        await WideTable.CreateAsync(database, scale);
        await SettleAsync();
        await foreach (IFigure figure in MeasureAsync(
            "17 columns", WideTable.Table, [1.9, 1.45], times)) yield return figure;
    }

    /// <summary>A table of values that Postgres keeps apart.</summary>
    public async IAsyncEnumerable<IFigure> DocumentsAsync(int scale, int times)
    {
        await Documents.CreateAsync(database, scale);
        await SettleAsync();
        await foreach (IFigure figure in MeasureAsync(
            "8 KB of text and jsonb", Documents.Table, [], times)) yield return figure;
    }

    /// <summary>Many small tables.</summary>
    public async IAsyncEnumerable<IFigure> SmallTablesAsync(int times)
    {
        await SmallTables.CreateAsync(database);
        await SettleAsync();
        yield return await MeasureSmallTablesAsync(times);
    }

    /// <summary>As pgbench -i does, and so that neither autovacuum nor a checkpoint comes in the middle.</summary>
    private async Task SettleAsync()
    {
        await database.ExecuteAsync("VACUUM");
        await database.ExecuteAsync("CHECKPOINT");
    }

    /// <param name="limits">The most of psql's time with one worker and with two; without, the figure is only
    /// told.</param>
    /// <param name="rows">Where the processor time of a row is asked for: how many there are.</param>
    private async IAsyncEnumerable<IFigure> MeasureAsync(
        string name, string table, double[] limits, int times, int? rows = null)
    {
        // By turns, so that whatever else the machine does meets all alike.
        var psql = new List<TimeSpan>();
        var csv = new List<TimeSpan>();
        List<TimeSpan>[] ours = [[], []];
        var used = new List<TimeSpan>();
        for (int i = 0; i <= times; i++)
        {
            TimeSpan toNowhere = await PsqlCopy.RunAsync(database, table);
            (TimeSpan alone, TimeSpan processor) =
                await ProcessorTime.OfAsync(() => etl.BackfillAsync([table], workers: 1));
            TimeSpan together = await etl.BackfillAsync([table], workers: 2);
            TimeSpan byFile = await CsvRoute.RunAsync(database, table, folder);
            if (i == 0) continue; // caches and compilation
            psql.Add(toNowhere);
            ours[0].Add(alone);
            ours[1].Add(together);
            used.Add(processor);
            csv.Add(byFile);
        }
        for (int workers = 1; workers <= 2; workers++)
        {
            double limit = limits.ElementAtOrDefault(workers - 1) is var most and > 0 ? most : double.PositiveInfinity;
            yield return new Ratio(
                $"Backfill, {name}, {workers} worker{(workers > 1 ? "s" : "")}", new("EtlPs", ours[workers - 1]),
                new("psql", psql), limit);
        }
        yield return new Ratio($"Backfill, {name}, 2 workers", new("EtlPs", ours[1]), new("by CSV", csv), MostOfCsv);
        if (rows is { } count)
            yield return new Bound(
                $"Backfill, {name}, processor time of a row",
                new Measurement("", used).Median.TotalMicroseconds / count,
                MostMicrosecondsOfNarrowRow, "µs");
    }

    private async Task<Bound> MeasureWithoutReadingAsync(int rows, int times)
    {
        StoredCopy stored = await StoredCopy.ReadAsync(database, Accounts.Table, rows);
        var used = new List<TimeSpan>();
        for (int i = 0; i <= times; i++)
        {
            TimeSpan taken = await stored.AppendAsync(folder, memoryLimit);
            if (i > 0) used.Add(taken);
        }
        return new Bound(
            "Backfill, pgbench_accounts, processor time of a row without the reading",
            new Measurement("", used).Median.TotalMicroseconds / stored.Rows, MostMicrosecondsWithoutReading, "µs");
    }

    private async Task<Bound> MeasureSmallTablesAsync(int times)
    {
        var apart = new List<TimeSpan>();
        var together = new List<TimeSpan>();
        for (int i = 0; i <= times; i++)
        {
            TimeSpan many = await etl.BackfillAsync(SmallTables.Tables, workers: 2);
            TimeSpan one = await etl.BackfillAsync([SmallTables.Together], workers: 2);
            if (i == 0) continue;
            apart.Add(many);
            together.Add(one);
        }
        double more = (new Measurement("", apart).Median - new Measurement("", together).Median).TotalSeconds;
        return new Bound(
            $"Backfill, {SmallTables.Count} small tables above their rows", more, MostForSmallTables.TotalSeconds, "s");
    }
}
