using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;
using Xunit;

namespace EtlPs.Engine.Tests.Sources;

public sealed class PostgresSourceTests(ServerPool servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_lag_of_a_slot_is_told_idle_and_streaming()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY)", Token);
        var source = new PostgresSource(SourceSettings.Parse(database.ConnectionString));
        var connector = new PostgresConnector(source.Settings);
        await using (var connection = await connector.OpenAsync(Token))
            await new PublicationCatalog(connection).CreateAsync("p", [new("public", "t")], Token);
        Lsn start;
        await using (var snapshot = await SnapshotSlot.CreateAsync(connector, database.Name, false, null, Token))
            start = snapshot.ConsistentPoint;
        await database.ExecuteAsync("INSERT INTO t SELECT * FROM generate_series(1, 1000)", Token);

        var idle = await ReadLagAsync(source, database.Name);
        await using var channel =
            await NpgsqlReplicationChannel.OpenAsync(connector, database.Name, "p", ValueFormat.Binary, start, Token);
        Assert.True(await channel.MoveNextAsync());
        var streaming = await ReadLagAsync(source, database.Name);

        Assert.Equal((database.Name, false, null, null), (idle.SlotName, idle.Active, idle.ActivePid, idle.TimeLag));
        Assert.Equal(start, idle.ConfirmedFlushLsn);
        Assert.Equal(idle.CurrentLsn - start, idle.LagBytes);
        Assert.True(idle.LagBytes > 50_000);
        Assert.True(idle.RetainedBytes >= idle.LagBytes);
        Assert.Equal("reserved", idle.WalStatus);
        // What the test servers allow, less what was written, in whole segments.
        Assert.InRange(idle.SafeWalSize!.Value, 7L << 30, (8L << 30) + (16 << 20));
        Assert.True(streaming is { Active: true, ActivePid: > 0 });
        Assert.Equal("no reader", idle.HeldBy![..9]);
        Assert.Equal($"its reader, pid {streaming.ActivePid}", streaming.HeldBy);
    }

    [Fact]
    public async Task A_query_gives_plain_objects()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (a mood)", Token);
        var source = new PostgresSource(SourceSettings.Parse(database.ConnectionString));

        var result = await source.QueryAsync(
            "SELECT 1 AS a, 'x' AS a, NULL::int, 1.50::numeric, ARRAY[1,2], 'ok'::mood, ';' AS \"B c\"", Token);

        Assert.Equal(["a", "a", "int4", "numeric", "array", "mood", "B c"], result.Columns);
        Assert.Equal([1, "x", null, 1.50m, new[] { 1, 2 }, "ok", ";"], Assert.Single(result.Rows));
        Assert.Empty((await source.QueryAsync("SELECT * FROM t", Token)).Rows);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SELEKT 1")]
    [InlineData("SELECT 1; SELECT 2")]
    [InlineData("SELECT 1; COMMIT; DROP TABLE t")]
    [InlineData("INSERT INTO t VALUES (1)")]
    [InlineData("CREATE TABLE u (a int)")]
    [InlineData("COPY t TO STDOUT")]
    [InlineData("SELECT 'canary'::int")]
    [InlineData("SELECT '4713-01-01 BC'::date, 1e100000::numeric")]
    public async Task A_query_that_fails_or_writes_is_refused_without_values(string sql)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int)", Token);
        var source = new PostgresSource(SourceSettings.Parse(database.ConnectionString));

        var error = await Assert.ThrowsAsync<EtlException>(() => source.QueryAsync(sql, Token));

        Assert.Equal(EtlErrorCode.QueryFailed, error.Code);
        Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM t", Token));
        Assert.False(await database.ScalarAsync<bool>("SELECT to_regclass('u') IS NOT NULL", Token));
    }

    [Fact]
    public async Task A_query_can_be_cancelled()
    {
        var server = await servers.GetServerAsync();
        var source = new PostgresSource(SourceSettings.Parse(server.ConnectionString()));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        stop.CancelAfter(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => source.QueryAsync("SELECT pg_sleep(600)", stop.Token));
    }

    private static async Task<SlotLag> ReadLagAsync(PostgresSource source, string slot) =>
        (await source.ReadSlotLagsAsync(Token)).Single(lag => lag.SlotName == slot);
}
