using System.Globalization;
using EtlPs.Benchmarks.Baselines;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Benchmarks.Suites;
using EtlPs.Testing.Postgres;

// dotnet run -c Release --project tests/EtlPs.Benchmarks -- [scale, 50 = the full size] [suite …]; docs/benchmarks.md
// names the suites.
if (args is [CsvRoute.ReadCommand, var csv, var file])
{
    CsvRoute.Read(csv, file);
    return 0;
}
int scale = args.Select(a => int.TryParse(a, CultureInfo.InvariantCulture, out int n) ? n : 0)
    .FirstOrDefault(n => n > 0, 50);
string[] suites = [.. args.Where(a => !char.IsAsciiDigit(a[0]))];
const int Times = 3;
const long MemoryLimit = 250_000_000;
const double MostMemoryAboveIdle = 500;

long idle = PeakMemory.ReadOwn();
bool allKept = true;
DirectoryInfo folder = Directory.CreateTempSubdirectory("etlps-benchmarks-");
try
{
    await using var pool = new ServerPool();
    await using TestDatabase database = await pool.CreateDatabaseAsync("benchmarks");
    await Accounts.CreateAsync(database, scale);
    var etl = new EtlRuns(database, folder.FullName, MemoryLimit);

    if (IsAsked("import")) await PrintAsync(ImportSuite.RunAsync());
    var backfill = new BackfillSuite(database, etl, folder.FullName, MemoryLimit);
    if (IsAsked("backfill", "narrow")) await PrintAsync(backfill.NarrowAsync(scale, Times));
    if (IsAsked("backfill", "wide")) await PrintAsync(backfill.WideAsync(scale, Times));
    if (IsAsked("backfill", "documents")) await PrintAsync(backfill.DocumentsAsync(scale, Times));
    if (IsAsked("backfill", "small")) await PrintAsync(backfill.SmallTablesAsync(Times));
    if (suites.Contains("shares")) await new ShareSuite(database, etl, folder.FullName).RunAsync(scale, Times);
    if (IsAsked("memory")) await PrintAsync(new MemorySuite(database, etl).RunAsync(Times));
    if (IsAsked("latency")) await PrintAsync(new LatencySuite(database, etl).RunAsync(scale));
    if (IsAsked("stream")) await PrintAsync(new StreamSuite(database, etl).RunAsync(scale, Times));
    if (IsAsked("large")) await PrintAsync(new LargeTransactionSuite(database, etl).RunAsync(scale));

    double above = (etl.PeakBytes - idle) / 1048576.0;
    if (etl.PeakBytes > 0)
        Print(new Bound("Peak memory above idle with a limit of 250 MB", above, MostMemoryAboveIdle, "MB"));
    if (IsAsked("batch"))
    {
        foreach (IFigure figure in new BatchSuite(folder.FullName, memoryLimit: 1_000_000_000).Run(scale, batches: 31))
            Print(figure);
    }
    return allKept ? 0 : 1;
}
finally
{
    folder.Delete(recursive: true);
}

bool IsAsked(params string[] names) =>
    suites.Length == 0 || suites.Intersect(names, StringComparer.OrdinalIgnoreCase).Any();

async Task PrintAsync(IAsyncEnumerable<IFigure> figures)
{
    await foreach (IFigure figure in figures) Print(figure);
}

void Print(IFigure figure)
{
    Console.WriteLine(figure);
    allKept &= figure.IsKept;
}
