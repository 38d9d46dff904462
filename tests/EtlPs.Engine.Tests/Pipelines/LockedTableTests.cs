using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Tests.Pipelines.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// One table that is locked for long, as by VACUUM FULL: from Postgres 16 on what is published cannot be asked
/// meanwhile, and in no version a partition tree.
/// </summary>
public sealed class LockedTableTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE plain (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY); INSERT INTO plain VALUES (1);
        CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (10); INSERT INTO parts VALUES (1);
        CREATE TABLE loaded (id int PRIMARY KEY); INSERT INTO loaded VALUES (11);
        """;

    // Less than what an answer of the source is waited for before it counts as lost.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plain")]
    [InlineData("parts_0")]
    public async Task A_locked_table_does_not_hold_up_the_stream_of_the_others_and_partitions_are_compared_afterwards(
        string locked)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var definition = scenario.Definition("plain", "other", "parts");
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        await using var holder = await LockAsync(scenario, locked);
        await using var stream = LiveStream.Start(scenario, definition);

        await stream.WriteAsync("INSERT INTO other VALUES (1)").WaitAsync(Soon, Token);
        await scenario.ExecuteAsync("ALTER TABLE parts ATTACH PARTITION loaded FOR VALUES FROM (10) TO (20)");
        var aside = stream.NextAsync(e => e is TableStateChanged { State: TableState.SetAside, Table.Name: "parts" });
        await holder.DisposeAsync();
        await stream.WriteAsync("INSERT INTO parts VALUES (2)");
        await aside;

        var result = await stream.StopAsync();
        Assert.Equal((0, StreamEnd.Stopped), (result.Reconnects, result.EndedBy));
        var waits = locked == "parts_0" || scenario.Database.Server.Version >= 16;
        Assert.Equal(waits ? 1 : 0, scenario.Events.OfType<Milestone>()
            .Count(m => m.Level == MilestoneLevel.Warning && m.Message.Contains("locked", StringComparison.Ordinal)));
        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
    }

    [Fact]
    public async Task A_locked_table_does_not_hold_up_the_copy_of_a_publications_other_tables()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Tables + "CREATE PUBLICATION dba FOR TABLE plain, other");
        Npgsql.NpgsqlConnection? holder = null;
        var copied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is TableStateChanged { State: TableState.Ready, Table.Name: "other" }) copied.TrySetResult();
        };
        var pipeline = new Pipeline(
            scenario.Definition() with { Publication = "dba" },
            new FaultAction(FaultPoint.SlotCreated, () => holder = LockAsync(scenario, "plain").GetAwaiter()
                .GetResult()));

        var backfill = pipeline.BackfillAsync(new BackfillOptions { Workers = 2 }, scenario, Token);
        try
        {
            await copied.Task.WaitAsync(Soon, Token);
        }
        finally
        {
            await holder!.DisposeAsync();
        }

        Assert.All(await backfill, r => Assert.Equal((TableState.Ready, true), (r.State, r.Copied)));
    }

    [Fact]
    public async Task A_stream_goes_on_without_a_table_that_is_to_join_while_another_one_is_locked()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, Tables + "CREATE PUBLICATION dba FOR TABLE plain, other, loaded");
        var definition = scenario.Definition("plain", "other") with { Publication = "dba" };
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO other VALUES (1)");
        var wider = new Pipeline(scenario.Definition("plain", "other", "loaded") with { Publication = "dba" });
        var caughtUp = new StreamOptions { UntilCaughtUp = true };
        // Before, a locked table keeps nothing from being told; the slot that a copy needs waits for it in any version.
        var isTold = scenario.Database.Server.Version < 16;
        await using (isTold ? null : await LockAsync(scenario, "plain"))
            await wider.StreamAsync(caughtUp, scenario, Token).WaitAsync(Soon, Token);

        await scenario.AssertSameAsync("SELECT id::text FROM other", "SELECT id::text FROM other");
        Assert.Equal(isTold ? 0 : 1, scenario.Events.OfType<Milestone>()
            .Count(m => m.Message.Contains("joins at the next start", StringComparison.Ordinal)));
        await wider.StreamAsync(caughtUp, scenario, Token);
        await scenario.AssertSameAsync("SELECT id::text FROM loaded", "SELECT id::text FROM loaded");
    }

    /// <summary>Holds a lock until the session is disposed.</summary>
    private static async Task<Npgsql.NpgsqlConnection> LockAsync(Scenario scenario, string table)
    {
        var holder = await scenario.Database.OpenAsync(Token);
        await using var command =
            new Npgsql.NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", holder);
        await command.ExecuteNonQueryAsync(Token);
        return holder;
    }
}
