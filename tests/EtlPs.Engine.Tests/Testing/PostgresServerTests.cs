using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Testing;

public sealed class PostgresServerTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_shared_server_decodes_logically_and_gives_each_test_its_own_database()
    {
        await using TestDatabase first = await pool.CreateDatabaseAsync();
        await using TestDatabase second = await pool.CreateDatabaseAsync();

        Assert.NotEqual(first.Name, second.Name);
        Assert.Equal("logical", await first.ScalarAsync<string>("SHOW wal_level", Token));
        Assert.Equal(second.Name, await second.ScalarAsync<string>("SELECT current_database()::text", Token));
        Assert.InRange(first.Server.Version, 14, 99);
        Assert.Equal(PostgresVersion.Wanted ?? first.Server.Version, first.Server.Version);
    }

    [Fact]
    public async Task A_disposed_database_takes_its_slots_along()
    {
        PostgresServer server = await pool.GetServerAsync();
        TestDatabase database = await pool.CreateDatabaseAsync();
        await database.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('{database.Name}', 'pgoutput')", Token);

        await database.DisposeAsync();

        Assert.Equal(0, await server.ScalarAsync<long>(
            "postgres", $"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{database.Name}'", Token));
        Assert.Equal(0, await server.ScalarAsync<long>(
            "postgres", $"SELECT count(*) FROM pg_database WHERE datname = '{database.Name}'", Token));
    }

    [Fact]
    public async Task A_killed_server_starts_again_with_its_data_and_a_stopped_one_too()
    {
        await using PostgresServer server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings = new Dictionary<string, string> { ["wal_sender_timeout"] = "5s" } },
            Token);
        await server.ExecuteAsync("postgres", "CREATE TABLE t (a int); INSERT INTO t VALUES (1); CHECKPOINT", Token);

        await server.KillAsync(Token);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => server.ExecuteAsync("postgres", "SELECT 1", Token));
        await server.StartAgainAsync(Token);
        await server.StopAsync(ShutdownMode.Fast, Token);
        await server.StartAgainAsync(Token);

        Assert.Equal(1, await server.ScalarAsync<int>("postgres", "SELECT a FROM t", Token));
        Assert.Equal("5s", await server.ScalarAsync<string>("postgres", "SHOW wal_sender_timeout", Token));
    }

    [Fact]
    public async Task Another_wal_level_and_encoding_can_be_had()
    {
        await using PostgresServer server = await PostgresServer.StartAsync(
            new PostgresServerOptions { WalLevel = "replica", Encoding = "LATIN1" }, Token);

        Assert.Equal("replica", await server.ScalarAsync<string>("postgres", "SHOW wal_level", Token));
        Assert.Equal("LATIN1", await server.ScalarAsync<string>("postgres", "SHOW server_encoding", Token));
    }

    [Fact]
    public async Task A_role_made_with_a_password_is_refused_with_another()
    {
        PostgresServer server = await pool.GetServerAsync();
        string right = await server.CreateRoleAsync(
            "needs_its_password", "right", "REPLICATION", cancellationToken: Token);
        try
        {
            await using var connection = new NpgsqlConnection(right);
            await connection.OpenAsync(Token);
            await using var refused = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(right) { Password = "wrong" }.ConnectionString);
            PostgresException error = await Assert.ThrowsAsync<PostgresException>(() => refused.OpenAsync(Token));
            Assert.Equal(PostgresErrorCodes.InvalidPassword, error.SqlState);
        }
        finally
        {
            await server.ExecuteAsync("postgres", "DROP ROLE needs_its_password", Token);
        }
    }
}
