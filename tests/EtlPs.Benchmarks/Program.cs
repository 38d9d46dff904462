using EtlPs.Benchmarks.Baselines;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Testing.Postgres;

// dotnet run -c Release --project tests/EtlPs.Benchmarks -- [scale, 50 = the full size]
int scale = args is [var text, ..] ? int.Parse(text, null) : 50;
const int Times = 3;

await using var pool = new ServerPool();
await using TestDatabase database = await pool.CreateDatabaseAsync("benchmarks");
await Accounts.CreateAsync(database, scale);
await WideTable.CreateAsync(database, scale * 60_000);

Print(await Measurement.TakeAsync("psql, pgbench_accounts", Times, () => PsqlCopy.RunAsync(database, Accounts.Table)));
Print(await Measurement.TakeAsync("psql, 17 columns", Times, () => PsqlCopy.RunAsync(database, WideTable.Table)));

var drain = new RecvLogical(database);
await drain.PrepareAsync("baseline", Accounts.Table);
await Accounts.UpdateAsync(database, scale * 20_000);
Print(await Measurement.TakeAsync("pg_recvlogical, updates", 1, () => drain.DrainAsync("baseline")));
Console.WriteLine($"Peak memory of this process: {PeakMemory.ReadOwn() / 1048576} MB");
return 0;

static void Print(Measurement measurement) =>
    Console.WriteLine($"{measurement.Name}: {measurement.Median.TotalSeconds:0.00} s");
