using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// The peak of a copy of a table and of one four times as large, by turns: what a peak comes to varies by a sixth with
/// where the garbage collector and DuckDB's allocator stand, and the median of some runs does not.
/// </summary>
internal sealed class MemorySuite(TestDatabase database, EtlRuns etl)
{
    private const string Larger = "public.larger_accounts";
    private const int TimesAsLarge = 4;
    private const double MostRatio = 1.1;

    public async IAsyncEnumerable<IFigure> RunAsync(int times)
    {
        await database.ExecuteAsync(
            $"""
            CREATE TABLE {Larger} AS
            SELECT a.* FROM {Accounts.Table} a, generate_series(1, {TimesAsLarge}) n
            """);
        await database.ExecuteAsync($"VACUUM {Larger}");
        await etl.BackfillAsync([Accounts.Table], workers: 2); // compilation
        var peaks = new List<(double Few, double Many)>();
        for (int i = 0; i < times; i++) peaks.Add((await PeakOfAsync(Accounts.Table), await PeakOfAsync(Larger)));
        double few = peaks.Select(p => p.Few).Order().ElementAt(times / 2);
        double many = peaks.Select(p => p.Many).Order().ElementAt(times / 2);
        await database.ExecuteAsync($"DROP TABLE {Larger}");
        yield return new Bound($"Peak memory of a copy, {TimesAsLarge} times the rows ({many:0} MB : {few:0} MB)",
            many / few, MostRatio, "times");
    }

    private async Task<double> PeakOfAsync(string table)
    {
        PeakMemory.ResetOwn();
        await etl.BackfillAsync([table], workers: 2);
        return PeakMemory.ReadOwn() / 1048576.0;
    }
}
