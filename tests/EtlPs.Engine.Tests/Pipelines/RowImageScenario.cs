using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Changes a source step by step, and asserts that the copy follows exactly or is set aside.</summary>
internal static class RowImageScenario
{
    private static readonly StreamOptions FromEmpty = new() { SkipBackfill = true, UntilCaughtUp = true };

    /// <summary>The copy must be equal in the end.</summary>
    public static async Task AssertFollowedAsync(
        ServerPool pool, string setup, Grouping grouping, params string[] steps)
    {
        await using var scenario = await Scenario.CreateAsync(pool, setup);
        await scenario.BackfillAsync();
        Assert.Empty(await MakeAsync(scenario, grouping, steps));
        await scenario.AssertEqualAsync();
    }

    /// <summary>The copy began empty, and knows of older rows only what has changed since.</summary>
    public static async Task AssertFollowedFromEmptyAsync(
        ServerPool pool, string setup, Grouping grouping, params string[] steps)
    {
        await using var scenario = await Scenario.CreateAsync(pool, setup);
        await scenario.CatchUpAsync(FromEmpty);
        Assert.Empty(await MakeAsync(scenario, grouping, steps));
        await scenario.AssertEqualAsync();
    }

    /// <summary>
    /// The last step must set table t aside, with the rows that it had right before and an error that names a remedy.
    /// </summary>
    public static async Task AssertSetAsideAsync(
        ServerPool pool, string setup, Grouping grouping, params string[] steps)
    {
        await using var scenario = await Scenario.CreateAsync(pool, setup);
        await scenario.BackfillAsync();
        Assert.Empty(await MakeAsync(scenario, grouping, steps[..^1]));
        await scenario.AssertEqualAsync();
        await scenario.ExecuteAsync("CREATE TABLE before AS TABLE t");
        var aside = Assert.Single(await MakeAsync(scenario, Grouping.OneTransaction, steps[^1..]));
        Assert.Equal("t", aside.Source.Name);
        Assert.Equal(EtlErrorCode.SchemaChanged, aside.Error!.Code);
        Assert.Contains("Reset-EtlTable", aside.Error.Remedy, StringComparison.Ordinal);
        await scenario.ExecuteAsync("DROP TABLE t; ALTER TABLE before RENAME TO t");
        await scenario.AssertEqualAsync();
    }

    private static async Task<IReadOnlyList<TableCopyResult>> MakeAsync(
        Scenario scenario, Grouping grouping, string[] steps)
    {
        if (grouping == Grouping.OneTransaction) steps = [string.Join(";\n", steps)];
        foreach (var step in steps)
        {
            await scenario.ExecuteAsync(step);
            if (grouping != Grouping.StreamEach) continue;
            if ((await scenario.CatchUpAsync()).SetAside is { Count: > 0 } aside) return aside;
        }
        return (await scenario.CatchUpAsync()).SetAside;
    }
}
