using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>The peak of a copy of a table and of one four times as large.</summary>
internal sealed class MemorySuite(TestDatabase database, EtlRuns etl)
{
    private const string Larger = "public.larger_accounts";
    private const int TimesAsLarge = 4;
    private const double MostRatio = 1.1;

    public async IAsyncEnumerable<IFigure> RunAsync()
    {
        await database.ExecuteAsync(
            $"""
            CREATE TABLE {Larger} AS
            SELECT a.* FROM {Accounts.Table} a, generate_series(1, {TimesAsLarge}) n
            """);
        await database.ExecuteAsync($"VACUUM {Larger}");
        await etl.BackfillAsync([Accounts.Table], workers: 2); // compilation
        double few = await PeakOfAsync(Accounts.Table);
        double many = await PeakOfAsync(Larger);
        await database.ExecuteAsync($"DROP TABLE {Larger}");
        yield return new Bound($"Peak memory of a copy, {TimesAsLarge} times the rows ({many:0} MB : {few:0} MB)", many / few, MostRatio, "times");
    }

    private async Task<double> PeakOfAsync(string table)
    {
        PeakMemory.ResetOwn();
        await etl.BackfillAsync([table], workers: 2);
        return PeakMemory.ReadOwn() / 1048576.0;
    }
}
