using EtlPs.Benchmarks.Baselines;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>Copies of a narrow and a wide table against one psql to /dev/null.</summary>
internal sealed class BackfillSuite(TestDatabase database, EtlRuns etl)
{
    public async IAsyncEnumerable<IFigure> RunAsync(int scale, int times)
    {
        await WideTable.CreateAsync(database, scale * 60_000);
        // As pgbench -i does, and so that autovacuum does not come in the middle.
        await database.ExecuteAsync($"VACUUM {Accounts.Table}, {WideTable.Table}");
        await database.ExecuteAsync("CHECKPOINT");
        yield return await MeasureAsync("pgbench_accounts", Accounts.Table, 1.6, times);
        yield return await MeasureAsync("17 columns", WideTable.Table, 1.9, times);
    }

    private async Task<Ratio> MeasureAsync(string name, string table, double limit, int times)
    {
        // By turns, so that whatever else the machine does meets both alike.
        var psql = new List<TimeSpan>();
        var ours = new List<TimeSpan>();
        for (int i = 0; i <= times; i++)
        {
            TimeSpan baseline = await PsqlCopy.RunAsync(database, table);
            TimeSpan run = await etl.BackfillAsync(table);
            if (i == 0) continue; // caches and compilation
            psql.Add(baseline);
            ours.Add(run);
        }
        return new Ratio($"Backfill, {name}", new("EtlPs", ours), new("psql", psql), limit);
    }
}
