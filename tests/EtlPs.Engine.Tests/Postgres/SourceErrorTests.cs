using System.Net;
using System.Net.Sockets;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Wire;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Npgsql;
using Xunit;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class SourceErrorTests(ServerPool servers)
{
    private const string Secret = "s3cr3t-canary";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("wrong-canary")]
    [InlineData(null)]
    public async Task A_wrong_or_missing_password_is_told_and_not_shown(string? password)
    {
        await using var database = await servers.CreateDatabaseAsync();
        var right = await database.Server.CreateRoleAsync(
            database.Name, Secret, database: database.Name, cancellationToken: Token);
        await using (await Connector(right).OpenAsync(Token))
        {
        }

        // Not the pgpass file of whoever runs the tests.
        var passfile = Path.GetTempFileName();
        var wrong = new NpgsqlConnectionStringBuilder(right) { Password = password, Passfile = passfile };
        var error = await Assert.ThrowsAsync<EtlException>(() => Connector(wrong.ConnectionString).OpenAsync(Token));

        File.Delete(passfile);
        Assert.Equal(EtlErrorCode.AuthenticationFailed, error.Code);
        Assert.DoesNotContain("canary", error + error.Remedy, StringComparison.Ordinal);
        await DropRoleAsync(database);
    }

    [Fact]
    public async Task A_pgpass_file_gives_the_password_and_one_that_is_not_there_is_told()
    {
        await using var database = await servers.CreateDatabaseAsync();
        var right = await database.Server.CreateRoleAsync(
            database.Name, Secret, database: database.Name, cancellationToken: Token);
        var passfile = Path.GetTempFileName();
        await File.WriteAllTextAsync(passfile, $"*:*:*:{database.Name}:{Secret}\n", Token);
        var text = new NpgsqlConnectionStringBuilder(right) { Password = null, Passfile = passfile };

        await using (await Connector(text.ConnectionString).OpenAsync(Token))
        await using (await Connector(text.ConnectionString).OpenForCopyAsync(Token))
        {
        }

        File.Delete(passfile);
        var error = await Assert.ThrowsAsync<EtlException>(() => Connector(text.ConnectionString).OpenAsync(Token));
        Assert.Equal(EtlErrorCode.InvalidArgument, error.Code);
        await DropRoleAsync(database);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_told()
    {
        var server = await servers.GetServerAsync();

        var error = await Assert.ThrowsAsync<EtlException>(
            () => Connector(server.ConnectionString("no such db")).OpenAsync(Token));

        Assert.Equal(EtlErrorCode.DatabaseNotFound, error.Code);
        Assert.Contains("no such db", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server_at_the_port_and_no_such_host_are_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        foreach (var text in (string[])[$"postgres://etl:{Secret}@127.0.0.1:{port}/x",
            $"postgres://etl:{Secret}@no-such-host.invalid/x"])
        {
            var error = await Assert.ThrowsAsync<EtlException>(() => Connector(text).OpenAsync(Token));
            Assert.Equal(EtlErrorCode.SourceUnreachable, error.Code);
            Assert.DoesNotContain("canary", error + error.Remedy, StringComparison.Ordinal);
            error = await Assert.ThrowsAsync<EtlException>(() => Connector(text).OpenReplicationAsync(Token));
            Assert.Equal(EtlErrorCode.SourceUnreachable, error.Code);
        }
    }

    [Fact]
    public async Task Rights_that_a_role_lacks_are_told_one_by_one()
    {
        await using var database = await servers.CreateDatabaseAsync();
        var text = await database.Server.CreateRoleAsync(
            database.Name, Secret, database: database.Name, cancellationToken: Token);
        await database.ExecuteAsync(
            $"""
            CREATE TABLE a (id int PRIMARY KEY, b text); CREATE TABLE b (id int PRIMARY KEY);
            CREATE TABLE policed (id int PRIMARY KEY); ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
            GRANT SELECT (id, b) ON a TO {database.Name}; GRANT SELECT ON policed TO {database.Name};
            """, Token);
        var connector = Connector(text);
        await using var connection = await connector.OpenAsync(Token);
        var preflight = new Preflight(connection, connector.Settings);
        var tables = (await new CatalogReader(connection).ReadTablesAsync(["*"], Token)).ToDictionary(t => t.Name.Name);

        await preflight.CheckServerAsync(Token);
        await preflight.CheckTablesAsync([tables["a"]], Token);
        var unreadable = await Assert.ThrowsAsync<EtlException>(
            () => preflight.CheckTablesAsync([.. tables.Values], Token));
        var policed = await Assert.ThrowsAsync<EtlException>(
            () => preflight.CheckTablesAsync([tables["policed"]], Token));
        var replication = await Assert.ThrowsAsync<EtlException>(() => preflight.CheckReplicationAsync(Token));
        var sender = await Assert.ThrowsAsync<EtlException>(() => connector.OpenReplicationAsync(Token));
        var create = await Assert.ThrowsAsync<EtlException>(
            () => preflight.CheckPublishableAsync([tables["a"]], Token));
        await database.ExecuteAsync($"GRANT CREATE ON DATABASE {database.Name} TO {database.Name}", Token);
        var owner = await Assert.ThrowsAsync<EtlException>(() => preflight.CheckPublishableAsync([tables["a"]], Token));
        await database.ExecuteAsync($"ALTER TABLE a OWNER TO {database.Name}", Token);
        await preflight.CheckPublishableAsync([tables["a"]], Token);

        Assert.Equal((EtlErrorCode.PermissionDenied, "public.b"), (unreadable.Code, unreadable.Subject));
        Assert.Equal((EtlErrorCode.PermissionDenied, "public.policed"), (policed.Code, policed.Subject));
        Assert.Equal(EtlErrorCode.ReplicationRightMissing, replication.Code);
        Assert.Equal(EtlErrorCode.ReplicationRightMissing, sender.Code);
        Assert.Equal(EtlErrorCode.PermissionDenied, create.Code);
        Assert.Equal((EtlErrorCode.PermissionDenied, "public.a"), (owner.Code, owner.Subject));
        await using var snapshot = await SnapshotSlot.WithoutSlotAsync(connector, Token);
        foreach (var name in (string[])["b", "policed"])
        {
            var error = await Assert.ThrowsAsync<EtlException>(async () =>
            {
                await using var worker = await TableSnapshot.OpenAsync(
                    connector, snapshot.SnapshotName, tables[name], Token);
                await worker.CopyAsync(worker.Heaps[0], CopyRange.Whole, Token);
            });
            Assert.Equal(EtlErrorCode.PermissionDenied, error.Code);
        }

        await connection.CloseAsync();
        await database.ExecuteAsync("DROP TABLE a", Token);
        await DropRoleAsync(database);
    }

    [Fact]
    public async Task A_table_without_replica_identity_is_refused_before_it_is_published()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE good (a int PRIMARY KEY); CREATE TABLE keyless (a int);
            CREATE TABLE "None" (a int PRIMARY KEY);
            ALTER TABLE "None" REPLICA IDENTITY NOTHING;
            CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT;
            ALTER TABLE p1 REPLICA IDENTITY NOTHING;
            """, Token);
        var connector = Connector(database.ConnectionString);
        await using var connection = await connector.OpenAsync(Token);
        var preflight = new Preflight(connection, connector.Settings);
        var reader = new CatalogReader(connection);

        await preflight.CheckPublishableAsync(await reader.ReadTablesAsync(["good"], Token), Token);
        var error = await Assert.ThrowsAsync<EtlException>(async () =>
            await preflight.CheckPublishableAsync(await reader.ReadTablesAsync([], Token), Token));

        Assert.Equal(EtlErrorCode.NoReplicaIdentity, error.Code);
        Assert.Equal("public.\"None\", public.keyless, public.p", error.Subject);
        Assert.Contains(
            "ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_logical_wal_and_one_without_free_slots_are_told()
    {
        await using var replica =
            await PostgresServer.StartAsync(new PostgresServerOptions { WalLevel = "replica" }, Token);
        var connector = Connector(replica.ConnectionString());
        await using (var connection = await connector.OpenAsync(Token))
        {
            var planned = await Assert.ThrowsAsync<EtlException>(
                () => new Preflight(connection, connector.Settings).CheckReplicationAsync(Token));
            Assert.Equal(EtlErrorCode.WalLevelNotLogical, planned.Code);
        }

        var made = await Assert.ThrowsAsync<EtlException>(
            () => SnapshotSlot.CreateAsync(connector, "s", false, null, Token));
        Assert.Equal(EtlErrorCode.WalLevelNotLogical, made.Code);

        await using var small = await PostgresServer.StartAsync(
            new PostgresServerOptions
            {
                Settings = new Dictionary<string, string> { ["max_replication_slots"] = "1",
                    ["max_wal_senders"] = "1" },
            }, Token);
        connector = Connector(small.ConnectionString());
        await using (await SnapshotSlot.CreateAsync(connector, "only", false, null, Token))
        {
        }

        await using (var connection = await connector.OpenAsync(Token))
        {
            var preflight = new Preflight(connection, connector.Settings);
            var planned = await Assert.ThrowsAsync<EtlException>(() => preflight.CheckReplicationAsync(Token));
            Assert.Equal(EtlErrorCode.NoFreeSlot, planned.Code);
            await preflight.CheckReplicationAsync(Token, "only");
        }

        // A walsender ends a little after its client has gone.
        await NoWalSenderAsync(connector);
        made = await Assert.ThrowsAsync<EtlException>(
            () => SnapshotSlot.CreateAsync(connector, "more", false, null, Token));
        Assert.Equal(EtlErrorCode.NoFreeSlot, made.Code);
        await NoWalSenderAsync(connector);
        await using var sender = await connector.OpenReplicationAsync(Token);
        made = await Assert.ThrowsAsync<EtlException>(() => connector.OpenReplicationAsync(Token));
        Assert.Equal(EtlErrorCode.NoFreeSlot, made.Code);
    }

    [Fact]
    public async Task A_session_that_the_server_ends_is_a_lost_connection()
    {
        await using var database = await servers.CreateDatabaseAsync();
        var connector = Connector(database.ConnectionString);
        await using var connection = await connector.OpenAsync(Token);
        await database.ExecuteAsync($"SELECT pg_terminate_backend({connection.ProcessID}, 10000)", Token);

        var thrown = await Assert.ThrowsAnyAsync<NpgsqlException>(() => connection.ExecuteAsync("SELECT 1", Token));

        Assert.Equal(EtlErrorCode.ConnectionLost, connector.Translate(thrown).Code);
        var again = await Assert.ThrowsAnyAsync<Exception>(() => connection.ExecuteAsync("SELECT 1", Token));
        Assert.Equal(EtlErrorCode.ConnectionLost, connector.Translate(again).Code);
    }

    [Fact]
    public async Task A_type_without_a_send_function_is_told()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t (a int PRIMARY KEY, b aclitem)", Token);
        var connector = Connector(database.ConnectionString);
        await using var session = await connector.OpenForCopyAsync(Token);

        await using var copy = await session.CopyAsync("COPY public.t TO STDOUT (FORMAT BINARY)", Token);
        var error = Assert.Throws<EtlException>(() => copy.Read(new byte[100]));

        Assert.Equal(EtlErrorCode.UnsupportedType, error.Code);
    }

    [Fact]
    public async Task Settings_that_shape_values_or_end_sessions_outrank_the_roles_own()
    {
        await using var database = await servers.CreateDatabaseAsync();
        var text = await database.Server.CreateRoleAsync(
            database.Name, Secret, "REPLICATION", database.Name, cancellationToken: Token);
        var knowsTransactions = database.Server.Version >= 17;
        await database.ExecuteAsync(
            HostileSettings.Of($"ROLE {database.Name}")
            + $"""
            ALTER ROLE {database.Name} SET statement_timeout = '1ms';
            ALTER ROLE {database.Name} SET lock_timeout = '1ms';
            ALTER ROLE {database.Name} SET idle_in_transaction_session_timeout = '1ms';
            ALTER ROLE {database.Name} SET idle_session_timeout = '10min';
            ALTER ROLE {database.Name} SET default_transaction_isolation = 'serializable';
            {(knowsTransactions ? $"ALTER ROLE {database.Name} SET transaction_timeout = '10min'" : "")}
            """, Token);
        const string Settings =
            """
            SELECT concat_ws(' ', split_part(current_setting('DateStyle'), ',', 1), current_setting('TimeZone'),
                   current_setting('bytea_output'), current_setting('IntervalStyle'), current_setting('extra_float_digits'),
                   current_setting('statement_timeout'), current_setting('lock_timeout'),
                   current_setting('idle_in_transaction_session_timeout'), current_setting('idle_session_timeout'),
                   coalesce(current_setting('transaction_timeout', true), '0'), current_setting('default_transaction_isolation'),
                   current_setting('client_encoding'), current_setting('search_path'), current_setting('application_name'),
                   current_setting('lc_monetary'), current_setting('quote_all_identifiers'))
            """;
        const string Expected = "ISO UTC hex postgres 3 0 0 0 0 0 read committed UTF8 pg_catalog EtlPs C off";
        var connector = Connector(text);
        await using (var connection = await connector.OpenAsync(Token))
            Assert.Equal(Expected, (await connection.ReadAsync(Settings, r => r.GetString(0), Token))[0]);
        await using (var copy = await connector.OpenForCopyAsync(Token))
        {
            Assert.IsType<WireCopySession>(copy);
            Assert.Equal(Expected, (await copy.ReadAsync(Settings, Token))[0][0]);
        }

        using (var walSender = await connector.TryOpenWireReplicationAsync(Token))
            Assert.Equal(Expected, walSender!.Read(Settings)[0][0]);
        await using (var replication = await connector.OpenReplicationAsync(Token))
        {
            Assert.StartsWith("ISO", await replication.Show("DateStyle", Token), StringComparison.Ordinal);
            Assert.Equal("UTC", await replication.Show("TimeZone", Token));
            Assert.Equal("0", await replication.Show("statement_timeout", Token));
            Assert.Equal("0", await replication.Show("idle_session_timeout", Token));
            if (knowsTransactions) Assert.Equal("0", await replication.Show("transaction_timeout", Token));
        }

        await DropRoleAsync(database);
    }

    private static PostgresConnector Connector(string text) => new(SourceSettings.Parse(text));

    private static async Task DropRoleAsync(TestDatabase database) => await database.ExecuteAsync(
        $"REVOKE CREATE ON DATABASE {database.Name} FROM {database.Name}; DROP OWNED BY {database.Name}; "
        + $"DROP ROLE {database.Name}", Token);

    private static async Task NoWalSenderAsync(PostgresConnector connector)
    {
        await using var connection = await connector.OpenAsync(Token);
        await Eventually.IsTrueAsync(
            async () => (await connection.ReadAsync(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender'", r => r.GetInt32(0),
                Token)).Count == 0,
            cancellationToken: Token);
    }
}
