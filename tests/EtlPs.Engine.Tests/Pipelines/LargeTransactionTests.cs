using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Tests.Pipelines.Faults;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A transaction that takes long, beside whatever else happens at the source meanwhile.</summary>
public sealed class LargeTransactionTests(ServerPool pool)
{
    private static readonly IReadOnlyList<int> Parts = [.. Enumerable.Range(0, 13)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_catalog_that_changes_while_a_large_transaction_comes_waits_for_its_end()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE large (id int PRIMARY KEY, v text);
            CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (10);
            """ + string.Concat(Parts.Select(i => $"CREATE TABLE small_{i} (id int PRIMARY KEY);")));
        await scenario.BackfillAsync();
        await using var maker = await scenario.Database.OpenAsync(Token);
        var parts = 0;
        var making = new FaultHandler(point =>
        {
            if (point != FaultPoint.PartApplied) return;
            if (++parts == 4) MakePartitionBeforeALook(maker);
        });
        await using var stream = LiveStream.Start(scenario, faults: making);
        await stream.WriteAsync("INSERT INTO parts VALUES (1)");
        var begunAgain = stream.NextAsync(IsBegin);

        // Each small table's RELATION asks for a look at the catalog.
        var end = Lsn.Parse(await scenario.ScalarAsync<string>(string.Concat(Parts.Select(i => $"""
            INSERT INTO large SELECT {i} * 10000 + g, repeat('x', 1000) FROM generate_series(1, 10000) g;
            INSERT INTO small_{i} VALUES (1);
            """)) + "SELECT pg_current_wal_insert_lsn()::text"));
        await begunAgain;
        await stream.StopAsync();

        Assert.True(parts > 6, $"{parts}");
        var begins = scenario.Events.Where(IsBegin).Cast<Milestone>()
            .Select(m => Lsn.Parse(m.Message.Split(' ', '.')[2])).ToList();
        Assert.Equal(2, begins.Count);
        Assert.True(begins[1] > end, $"The stream began again at {begins[1]}, before the transaction's end.");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    private static bool IsBegin(PipelineEvent e) =>
        e is Milestone m && m.Message.StartsWith("Streaming from", StringComparison.Ordinal);

    /// <summary>Makes a partition, and returns when a look at the catalog that sees it is over.</summary>
    private static void MakePartitionBeforeALook(NpgsqlConnection maker)
    {
        Execute(maker, "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (10) TO (20)");
        // A look stops here, and so shows itself.
        Execute(maker, "BEGIN; LOCK TABLE parts_0 IN ACCESS EXCLUSIVE MODE");
        object? looker = null;
        SpinWait.SpinUntil(() => Token.IsCancellationRequested || (looker = Execute(
            maker, "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'parts_0'::regclass")) is not null);
        Execute(maker, "COMMIT");
        SpinWait.SpinUntil(() => Token.IsCancellationRequested || Execute(
            maker, $"SELECT pid FROM pg_stat_activity WHERE pid = {looker}") is null);
    }

    private static object? Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
