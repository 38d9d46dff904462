using System.Globalization;
using EtlPs.Benchmarks.Baselines;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

// dotnet run -c Release --project tests/EtlPs.Benchmarks -- [scale, 50 = the full size]
int scale = args is [var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : 50;
const int Times = 3;
const long MemoryLimit = 250_000_000;
const double MostMemoryAboveIdle = 500;

long idle = PeakMemory.ReadOwn();
DirectoryInfo folder = Directory.CreateTempSubdirectory("etlps-benchmarks-");
try
{
    await using var pool = new ServerPool();
    await using TestDatabase database = await pool.CreateDatabaseAsync("benchmarks");
    await Accounts.CreateAsync(database, scale);
    await WideTable.CreateAsync(database, scale * 60_000);
    // As pgbench -i does, and so that autovacuum does not come in the middle.
    await database.ExecuteAsync($"VACUUM {Accounts.Table}, {WideTable.Table}");
    await database.ExecuteAsync("CHECKPOINT");
    var etl = new EtlRuns(database, folder.FullName, MemoryLimit);

    bool kept = Print(await BackfillAsync("pgbench_accounts", Accounts.Table, 1.6));
    kept &= Print(await BackfillAsync("17 columns", WideTable.Table, 1.9));
    kept &= Print(await StreamAsync(rows: scale * 20_000, limit: 1.3));

    double above = (PeakMemory.ReadOwn() - idle) / 1048576.0;
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"Peak memory above idle with a limit of 250 MB: {above:0} MB, at most {MostMemoryAboveIdle}: "
        + $"{(above <= MostMemoryAboveIdle ? "kept" : "NOT KEPT")}"));
    return kept && above <= MostMemoryAboveIdle ? 0 : 1;

    async Task<Ratio> BackfillAsync(string name, string table, double limit)
    {
        // By turns, so that whatever else the machine does meets both alike.
        var psql = new List<TimeSpan>();
        var ours = new List<TimeSpan>();
        for (int i = 0; i <= Times; i++)
        {
            TimeSpan baseline = await PsqlCopy.RunAsync(database, table);
            TimeSpan run = await etl.BackfillAsync(table);
            if (i == 0) continue; // caches and compilation
            psql.Add(baseline);
            ours.Add(run);
        }
        return new Ratio($"Backfill, {name}", new("EtlPs", ours), new("psql", psql), limit);
    }

    async Task<Ratio> StreamAsync(int rows, double limit)
    {
        var drain = new RecvLogical(database);
        var reading = new List<TimeSpan>();
        var ours = new List<TimeSpan>();
        Pipeline pipeline = await etl.PrepareStreamAsync(Accounts.Table);
        for (int i = 0; i < Times; i++)
        {
            await drain.PrepareAsync("baseline", Accounts.Table);
            await Accounts.UpdateAsync(database, rows);
            await database.ExecuteAsync("CHECKPOINT");
            reading.Add(await drain.DrainAsync("baseline"));
            ours.Add(await etl.StreamAsync(pipeline, rows));
        }
        return new Ratio("Stream, updates", new("EtlPs", ours), new("pg_recvlogical", reading), limit);
    }
}
finally
{
    folder.Delete(recursive: true);
}

static bool Print(Ratio ratio)
{
    Console.WriteLine(ratio);
    return ratio.IsKept;
}
