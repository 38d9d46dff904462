using System.Diagnostics;
using System.Globalization;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>
/// Schemas and transactions made at random, copied and followed by a pipeline that is stopped and killed. In the suite
/// some fixed seeds; see docs/design/testing.md for the long form.
/// </summary>
public sealed class DifferentialTests(ServerPool pool, ITestOutputHelper output)
{
    /// <summary>One seed, to be repeated.</summary>
    public const string SeedVariable = "ETLPS_SEED";

    /// <summary>For how many minutes new seeds are tried.</summary>
    public const string MinutesVariable = "ETLPS_SOAK_MINUTES";

    private static readonly ulong[] s_suite = [1, 2, 3];

    [Theory]
    [InlineData(7)]
    [InlineData(77_777)]
    public void A_seed_makes_the_same_schema_and_statements_again(ulong seed)
    {
        Assert.Equal(new RandomLoad(seed).ToSql(), new RandomLoad(seed).ToSql());
        Assert.NotEqual(new RandomLoad(seed).ToSql(), new RandomLoad(seed + 1).ToSql());
    }

    [Fact]
    public async Task Random_transactions_under_kills_and_restarts_leave_both_sides_equal()
    {
        var failures = new List<string>();
        var (seeds, kills) = (0, 0);
        foreach (var seed in Seeds())
        {
            var begun = Stopwatch.GetTimestamp();
            var run = new DifferentialRun(pool, new RandomLoad(seed));
            if (await run.RunAsync(TestContext.Current.CancellationToken) is { } failure)
            {
                failures.Add(failure);
                output.WriteLine(failure);
            }
            seeds++;
            kills += run.Kills;
            output.WriteLine($"Seed {seed}: {run.Committed} commits, {run.Kills} kills, {run.Stops} stops, "
                + $"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
        }
        output.WriteLine($"{seeds} seeds, {failures.Count} failed");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
        // A single seed's runs may all have ended before their time.
        Assert.True(kills > 0 || seeds < s_suite.Length, "No run was killed.");
    }

    private static IEnumerable<ulong> Seeds()
    {
        if (Number(SeedVariable) is { } seed) return [seed];
        return Number(MinutesVariable) is { } minutes ? NewSeeds(TimeSpan.FromMinutes(minutes)) : s_suite;
    }

    private static IEnumerable<ulong> NewSeeds(TimeSpan time)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < time)
            yield return (ulong)Random.Shared.Next();
    }

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? ulong.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
