using System.Globalization;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// Where a backfill's processor time goes, as shares of all that is busy, server and client; needs root and perf.
/// </summary>
internal sealed class ShareSuite(TestDatabase database, EtlRuns etl, string folder)
{
    private const double LeastShare = 0.005;

    private static readonly (string Name, string Table)[] Tables =
    [
        ("pgbench_accounts", Accounts.Table), ("17 columns", WideTable.Table),
        ("8 KB of text and jsonb", Documents.Table),
    ];

    public async Task RunAsync(int scale, int times)
    {
        await WideTable.CreateAsync(database, scale);
        await Documents.CreateAsync(database, scale);
        await database.ExecuteAsync("VACUUM");
        await database.ExecuteAsync("CHECKPOINT");
        foreach ((string name, string table) in Tables)
        {
            await etl.BackfillAsync([table], workers: 1); // compilation
            Print(name, await MeasureAsync(table, times));
        }
    }

    private Task<Profile> MeasureAsync(string table, int times) => Profile.OfAsync(folder, async () =>
    {
        for (int i = 0; i < times; i++) await etl.BackfillAsync([table], workers: 1);
    });

    private static void Print(string name, Profile profile)
    {
        double idle = profile.Shares.Where(IsIdle).Sum(s => s.Share);
        var parts = profile.Shares.Where(s => !IsIdle(s))
            .GroupBy(s => PartOf(s.Thread, s.Code), s => s.Share / (1 - idle))
            .Select(g => (Name: g.Key, Share: g.Sum())).Where(p => p.Share >= LeastShare)
            .OrderByDescending(p => p.Share);
        Console.WriteLine($"Backfill, {name}, 1 worker: " + string.Join(
            ", ", parts.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name} {p.Share:0.0%}"))));
    }

    private static bool IsIdle((string Thread, string Code, double Share) sample) => sample.Thread == "swapper";

    /// <summary>Linux knows the first 15 letters of a thread's name, and compiled C# as code in memory.</summary>
    private static string PartOf(string thread, string code)
    {
        bool isKernel = code.StartsWith("[kernel", StringComparison.Ordinal);
        bool isCompiled = code.Contains("doublemapper", StringComparison.Ordinal)
            || code.StartsWith("EtlPs", StringComparison.Ordinal);
        return thread switch
        {
            "postgres" => isKernel ? "kernel for Postgres" : "Postgres",
            "EtlPs COPY" => isKernel ? "kernel for reading" : "transport",
            ".NET Long Runni" or ".NET TP Worker" =>
                isKernel ? "kernel for the file" : isCompiled ? "decode" : "append",
            _ when thread.StartsWith(".NET", StringComparison.Ordinal) => "runtime",
            _ => "other",
        };
    }
}
