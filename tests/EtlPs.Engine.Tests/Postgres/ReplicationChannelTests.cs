using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Xunit;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class ReplicationChannelTests(ServerPool servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_stopped_before_the_server_answered_has_nothing_to_tell_it(bool ownTransport)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY)", Token);
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        var start = await PrepareAsync(connector, database.Name, "p");
        await using var channel = await OpenAsync(ownTransport, connector, database.Name, "p", start, Token);
        await channel.SendStatusAsync(Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changes_arrive_in_order_and_an_idle_position_lies_behind_them(bool ownTransport)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY, b text)", Token);
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        var start = await PrepareAsync(connector, database.Name, "Pub's \"x\"");
        await database.ExecuteAsync(
            """
            INSERT INTO t VALUES (1, 'x'), (2, repeat('long', 100000)); UPDATE t SET a = 3 WHERE a = 1;
            DELETE FROM t WHERE a = 2; TRUNCATE t;
            """, Token);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var channel = await OpenAsync(
            ownTransport, connector, database.Name, "Pub's \"x\"", start, stop.Token);
        Assert.False(channel.TryGetIdlePosition(out _));
        var kinds = new StringBuilder();
        var longest = 0;
        CommitMessage commit = default;
        while (await channel.MoveNextAsync())
        {
            var message = channel.Message.Span;
            kinds.Append((char)message[0]);
            longest = Math.Max(longest, message.Length);
            if (message[0] == (byte)'U')
                Assert.Equal((byte)OldTuple.Key, message[5]);
            if (message[0] == (byte)'C')
            {
                commit = CommitMessage.Read(message);
                break;
            }
        }

        // RELATION comes again after any cache invalidation, as TRUNCATE causes.
        Assert.Equal("BIIUDTC", kinds.Replace("R", "").ToString());
        Assert.True(longest > 400_000);
        var next = channel.MoveNextAsync().AsTask();
        var idle = Lsn.Zero;
        await Eventually.IsTrueAsync(
            () => Task.FromResult(channel.TryGetIdlePosition(out idle) && idle >= commit.EndLsn), next, Token);

        // Reported as flushed, the position moves the slot.
        channel.Confirm(idle);
        channel.Confirm(start);
        await channel.SendStatusAsync(Token);
        await Eventually.IsTrueAsync(
            () => database.ScalarAsync<bool>(
                $"SELECT confirmed_flush_lsn >= '{idle}' FROM pg_replication_slots WHERE slot_name = '{database.Name}'",
                Token),
            next, Token);
        await stop.CancelAsync();
        Assert.False(await next);
        Assert.False(channel.TryGetIdlePosition(out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_second_stream_from_a_slot_is_refused_with_the_process_that_holds_it(bool ownTransport)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY); ", Token);
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        var start = await PrepareAsync(connector, database.Name, "p");
        await database.ExecuteAsync("INSERT INTO t VALUES (1)", Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var first = await OpenAsync(ownTransport, connector, database.Name, "p", start, stop.Token);
        Assert.True(await first.MoveNextAsync());
        var pid = await database.ScalarAsync<int>(
            $"SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{database.Name}'", Token);

        await using var second = await OpenAsync(ownTransport, connector, database.Name, "p", start, Token);
        var error = await Assert.ThrowsAsync<EtlException>(async () => await second.MoveNextAsync());

        Assert.Equal(EtlErrorCode.SlotActive, error.Code);
        Assert.Contains($"{pid}", error.Message, StringComparison.Ordinal);
        await using var connection = await connector.OpenAsync(Token);
        error = await Assert.ThrowsAsync<EtlException>(async () =>
        {
            try
            {
                await new SlotCatalog(connection).DropAsync(database.Name, Token);
            }
            catch (Npgsql.NpgsqlException e)
            {
                throw connector.Translate(e);
            }
        });
        Assert.Equal(EtlErrorCode.SlotActive, error.Code);
        await stop.CancelAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_slot_is_told(bool ownTransport)
    {
        await using var database = await servers.CreateDatabaseAsync();
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        await using var channel = await OpenAsync(ownTransport, connector, "no_such_slot", "p", Lsn.Zero, Token);
        var error = await Assert.ThrowsAsync<EtlException>(async () => await channel.MoveNextAsync());
        Assert.Equal(EtlErrorCode.SlotMissing, error.Code);
    }

    // Postgres 18 leaves out a publication that is not there with no more than a warning, which Npgsql drops.
    [Theory]
    [InlineData(true)]
    [InlineData(false, Traits = ["Until", "17"])]
    public async Task A_missing_publication_is_told(bool ownTransport)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY)", Token);
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        var start = await PrepareAsync(connector, database.Name, "p");
        await database.ExecuteAsync("INSERT INTO t VALUES (1); ", Token);
        await using var channel = await OpenAsync(ownTransport, connector, database.Name, "P", start, Token);
        var error = await Assert.ThrowsAsync<EtlException>(async () =>
        {
            // Postgres 14 looks for it only once it has sent BEGIN.
            while (await channel.MoveNextAsync())
            {
            }
        });
        Assert.Equal(EtlErrorCode.PublicationUnusable, error.Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_the_server_ends_is_a_lost_connection(bool ownTransport)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY)", Token);
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        var start = await PrepareAsync(connector, database.Name, "p");
        await database.ExecuteAsync("INSERT INTO t VALUES (1)", Token);
        await using var channel = await OpenAsync(ownTransport, connector, database.Name, "p", start, Token);
        for (var i = 0; i < 4; i++)
            Assert.True(await channel.MoveNextAsync());

        await database.ExecuteAsync(
            $"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '{database.Name}'",
            Token);
        var error = await Assert.ThrowsAsync<EtlException>(async () =>
        {
            while (await channel.MoveNextAsync())
            {
            }
        });

        Assert.Equal(EtlErrorCode.ConnectionLost, error.Code);
    }

    [Theory]
    [InlineData("0", 10_000)]
    [InlineData("1min", 10_000)]
    [InlineData("5s", 1667)]
    [InlineData("900ms", 300)]
    [InlineData("2h", 10_000)]
    public async Task The_status_interval_is_at_most_a_third_of_the_servers_patience(string timeout, int milliseconds)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync($"ALTER DATABASE {database.Name} SET wal_sender_timeout = '{timeout}'", Token);
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));

        await using var channel =
            await ReplicationChannel.OpenAsync(connector, database.Name, "p", ValueFormat.Binary, Lsn.Zero, Token);

        Assert.Equal(milliseconds, channel.StatusInterval.TotalMilliseconds, 1.0);
    }

    private static async Task<IReplicationChannel> OpenAsync(
        bool ownTransport, PostgresConnector connector, string slot, string publication, Lsn start,
        CancellationToken token)
    {
        if (!ownTransport) return await NpgsqlReplicationChannel.OpenAsync(
            connector, slot, publication, ValueFormat.Binary, start, token);
        return Assert.IsType<WireReplicationChannel>(
            await ReplicationChannel.OpenAsync(connector, slot, publication, ValueFormat.Binary, start, token));
    }

    private static async Task<Lsn> PrepareAsync(PostgresConnector connector, string slot, string publication)
    {
        await using (var connection = await connector.OpenAsync(Token))
            await new PublicationCatalog(connection).CreateAsync(publication, [new("public", "t")], Token);
        await using var snapshot = await SnapshotSlot.CreateAsync(connector, slot, false, null, Token);
        return snapshot.ConsistentPoint;
    }
}
