using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Wire;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Wire;

public sealed class WireCopyTests(ServerPool servers)
{
    // Some megabytes come at once, and then nothing for an hour.
    private const string Stalling =
        "COPY (SELECT repeat('x', 10000) || CASE WHEN i = 500 THEN pg_sleep(3600)::text ELSE '' END FROM "
        + "generate_series(1, 1000) AS i) TO STDOUT (FORMAT BINARY)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_of_tens_of_megabytes_and_tiny_ones_come_whole()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await using var session = await OpenAsync(database);
        await using var reader = await session.CopyAsync(
            "COPY (SELECT CASE WHEN i % 4 = 0 THEN repeat('y', 30000000) ELSE i::text END FROM generate_series(1, 9) "
            + "AS i) TO STDOUT (FORMAT BINARY)", Token);

        var all = ReadToEnd(reader);

        // Header and trailer, nine counts and lengths, two large and seven small values.
        Assert.Equal(19 + 2 + (9 * 6) + (2 * 30_000_000) + 7, all);
        Assert.Equal(0, reader.Read(new byte[10]));
    }

    [Fact]
    public async Task A_copy_that_is_cancelled_while_it_waits_ends_and_frees_the_server()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await using var session = await OpenAsync(database);
        await using (var reader = await session.CopyAsync(Stalling, Token))
        {
            var reading = Task.Factory.StartNew(
                () => ReadToEnd(reader), Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await WaitForSleepAsync(database);
            reader.Cancel();
            await Assert.ThrowsAsync<EtlException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10), Token));
            Assert.Throws<EtlException>(() => reader.Read(new byte[10]));
        }

        await Eventually.IsTrueAsync(async () => await CopiesAsync(database) == 0, cancellationToken: Token);
    }

    [Fact]
    public async Task A_copy_that_is_cancelled_as_it_ends_by_itself_leaves_the_next_statement_alone()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await using var session = await OpenAsync(database);
        await using (var reader = await session.CopyAsync("COPY (SELECT 1) TO STDOUT (FORMAT BINARY)", Token))
        {
            ReadToEnd(reader);
            reader.Cancel();
        }

        // Time enough for a cancellation that is still on its way.
        Assert.Equal(["1"], Assert.Single(await session.ReadAsync("SELECT 1::text FROM pg_sleep(0.2)", Token)));
    }

    [Fact]
    public async Task A_copy_that_is_left_in_its_middle_ends_on_the_server_and_leaves_the_session_usable()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await using var session = await OpenAsync(database);
        await using (var reader = await session.CopyAsync(Stalling, Token))
            Assert.Equal(100, reader.Read(new byte[100]));

        Assert.Equal(0, await CopiesAsync(database));
        Assert.Equal(["1"], Assert.Single(await session.ReadAsync("SELECT 1::text", Token)));
    }

    [Fact]
    public async Task A_session_that_is_terminated_in_mid_copy_is_a_lost_connection()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await using var session = await OpenAsync(database);
        await using var reader = await session.CopyAsync(Stalling, Token);
        var reading = Task.Factory.StartNew(
            () => ReadToEnd(reader), Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await WaitForSleepAsync(database);

        await database.ExecuteAsync(
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.Name}' AND query LIKE "
            + "'COPY%'", Token);

        var error = await Assert.ThrowsAsync<EtlException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10), Token));
        Assert.Equal(EtlErrorCode.ConnectionLost, error.Code);
    }

    [Fact]
    public async Task An_error_in_mid_copy_is_told_without_the_value()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await using var session = await OpenAsync(database);
        await using var reader = await session.CopyAsync(
            "COPY (SELECT CASE WHEN i = 50000 THEN 'canary' ELSE '1' END::int FROM generate_series(1, 100000) AS i) TO "
            + "STDOUT (FORMAT BINARY)",
            Token);

        var error = Assert.Throws<EtlException>(() => ReadToEnd(reader));

        Assert.Equal(EtlErrorCode.ValueNotRepresentable, error.Code);
        Assert.DoesNotContain("canary", error + error.Remedy, StringComparison.Ordinal);
    }

    private static async Task<ICopySession> OpenAsync(TestDatabase database)
    {
        var session = await new PostgresConnector(SourceSettings.Parse(database.ConnectionString))
            .OpenForCopyAsync(Token);
        Assert.IsType<WireCopySession>(session);
        return session;
    }

    private static Task WaitForSleepAsync(TestDatabase database) => Eventually.IsTrueAsync(
        () => database.ScalarAsync<bool>(
            $"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{database.Name}' AND wait_event = "
            + "'PgSleep')", Token),
        cancellationToken: Token);

    private static Task<long> CopiesAsync(TestDatabase database) => database.ScalarAsync<long>(
        $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.Name}' AND state = 'active' AND query LIKE "
        + "'COPY%'", Token);

    private static long ReadToEnd(ICopyReader reader)
    {
        var buffer = new byte[1 << 20];
        var all = 0L;
        for (int read; (read = reader.Read(buffer)) > 0;)
            all += read;
        return all;
    }
}
