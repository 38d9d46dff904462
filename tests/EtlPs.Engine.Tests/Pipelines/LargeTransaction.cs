namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A transaction larger than a batch holds, with changes of another table before and behind it.</summary>
internal static class LargeTransaction
{
    private const int Rows = 80000;

    public const string Tables = "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY)";

    /// <summary>Commits a small transaction, and the large one.</summary>
    public static async Task CommitAsync(Scenario scenario)
    {
        await scenario.ExecuteAsync("INSERT INTO b VALUES (1)");
        await scenario.ExecuteAsync($"""
            INSERT INTO b VALUES (2); INSERT INTO a SELECT g, repeat('v', 500) || g FROM generate_series(1, {Rows}) g;
            INSERT INTO b VALUES (3)
            """);
    }

    /// <summary>Asserts that a reader sees the small transaction, or not even that.</summary>
    public static async Task AssertNothingStoredAsync(Scenario scenario)
    {
        var rows = await scenario.Pipeline().QueryAsync(
            "SELECT (SELECT count(*) FROM public.a), (SELECT max(id) FROM public.b)",
            TestContext.Current.CancellationToken);
        Assert.True(rows.Rows[0] is [0L, null or 1], $"{rows.Rows[0][0]}, {rows.Rows[0][1]}");
    }
}
