using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Bad input: a typed error with a remedy, and nothing made on either side.</summary>
public sealed class RefusalTests(ServerPool pool)
{
    private const string OneTable = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_password_a_missing_database_and_a_silent_port_leave_nothing()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        var role = await scenario.Database.Server.CreateRoleAsync(
            scenario.Database.Name, "right", cancellationToken: Token);
        var wrong = new NpgsqlConnectionStringBuilder(role) { Password = "wrong-canary" };
        await RefusedAsync(scenario, EtlErrorCode.AuthenticationFailed, source: wrong.ConnectionString);
        await RefusedAsync(scenario, EtlErrorCode.DatabaseNotFound,
            source: scenario.Database.Server.ConnectionString("no_such_database"));
        var silent = new NpgsqlConnectionStringBuilder(scenario.Database.ConnectionString) { Port = FreePort() };
        await RefusedAsync(scenario, EtlErrorCode.SourceUnreachable, source: silent.ConnectionString);
        await scenario.ExecuteAsync($"DROP ROLE {scenario.Database.Name}");
    }

    [Fact]
    public async Task A_server_without_logical_wal_leaves_nothing()
    {
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { WalLevel = "replica" }, Token);
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await server.ExecuteAsync("postgres", OneTable, Token);
        await RefusedAsync(scenario, EtlErrorCode.WalLevelNotLogical, source: server.ConnectionString());
        Assert.Equal(0L, await server.ScalarAsync<long>("postgres", "SELECT count(*) FROM pg_publication", Token));
    }

    [Fact]
    public async Task A_role_that_may_not_replicate_leaves_nothing()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        var role = await scenario.Database.Server.CreateRoleAsync(
            scenario.Database.Name, "secret", database: scenario.Database.Name, cancellationToken: Token);
        await RefusedAsync(scenario, EtlErrorCode.ReplicationRightMissing, source: role);
        await scenario.ExecuteAsync($"DROP ROLE {scenario.Database.Name}");
    }

    [Fact]
    public async Task Tables_that_are_not_there_and_tables_without_a_key_leave_nothing()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable + "; CREATE TABLE keyless (id int)");
        await RefusedAsync(
            scenario, EtlErrorCode.TableNotFound, definition: scenario.Definition("public.no_such_table"));
        var error = await RefusedAsync(scenario, EtlErrorCode.NoReplicaIdentity);
        Assert.Contains("keyless", error.Message, StringComparison.Ordinal);
        Assert.Contains("REPLICA IDENTITY FULL", error.Remedy, StringComparison.Ordinal);
        await scenario.ExecuteAsync("UPDATE keyless SET id = 2");
    }

    [Fact]
    public async Task A_slot_and_a_publication_that_are_not_ours_stay_as_they_are()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        var definition = scenario.Definition();
        await scenario.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('{definition.EffectiveSlotName}', 'pgoutput')");
        await RefusedAsync(scenario, EtlErrorCode.SlotExists, slots: 1);
        await new Pipeline(definition).BackfillAsync(new BackfillOptions { SnapshotOnly = true }, scenario, Token);
        Assert.Equal(1L, await SlotsAsync(scenario));
        File.Delete(scenario.File);
        await scenario.ExecuteAsync($"SELECT pg_drop_replication_slot('{definition.EffectiveSlotName}')");
        await scenario.ExecuteAsync($"CREATE PUBLICATION {definition.EffectivePublication}");
        await RefusedAsync(scenario, EtlErrorCode.PublicationUnusable, publications: 1);
        await RefusedAsync(
            scenario, EtlErrorCode.PublicationUnusable,
            definition: definition with { Publication = "no_such_publication" }, publications: 1);
    }

    [Fact]
    public async Task A_slot_of_another_database_is_not_dropped_even_by_a_restart()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await using var other = await pool.CreateDatabaseAsync();
        await other.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('{scenario.Definition().EffectiveSlotName}', 'pgoutput')",
            Token);
        await RefusedAsync(scenario, EtlErrorCode.SlotExists);
        await RefusedAsync(scenario, EtlErrorCode.SlotExists, restart: true);
        Assert.Equal(1L, await other.ScalarAsync<long>(
            "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()", Token));
    }

    [Fact]
    public async Task Of_two_starts_at_the_same_time_the_slower_never_takes_what_the_faster_made()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        var name = scenario.Definition().EffectivePublication;
        await using var faster = await scenario.Database.OpenAsync(Token);
        await using var transaction = await faster.BeginTransactionAsync(Token);
        await ExecuteAsync(faster, "LOCK TABLE pg_publication IN SHARE ROW EXCLUSIVE MODE");
        var slower = scenario.BackfillAsync();
        await Eventually.IsTrueAsync(
            () => scenario.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = "
                + "'Lock')"),
            slower, Token);
        await ExecuteAsync(faster, $"CREATE PUBLICATION {name}");
        await transaction.CommitAsync(Token);
        var error = await Assert.ThrowsAsync<EtlException>(() => slower);
        Assert.Equal(EtlErrorCode.PublicationUnusable, error.Code);
        await scenario.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')");
        await RefusedAsync(scenario, EtlErrorCode.SlotExists, slots: 1, publications: 1, fileExists: true);
    }

    [Fact]
    public async Task A_slot_whose_wal_is_gone_and_a_publication_that_is_gone_are_told()
    {
        var settings = new Dictionary<string, string>
        {
            ["max_slot_wal_keep_size"] = "1MB", ["max_wal_size"] = "32MB", ["min_wal_size"] = "32MB",
        };
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings = settings }, Token);
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await server.CreateDatabaseAsync("lost", Token);
        await server.ExecuteAsync("lost", OneTable, Token);
        var definition = scenario.Definition() with { Source = SourceSettings.Parse(server.ConnectionString("lost")) };
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        await server.ExecuteAsync("lost", $"DROP PUBLICATION {definition.EffectivePublication}", Token);
        await server.ExecuteAsync("lost", "INSERT INTO t VALUES (2, 'b')", Token);
        Assert.Equal(
            EtlErrorCode.PublicationUnusable,
            (await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(definition, scenario))).Code);

        for (var i = 0; i < 5; i++) await server.ExecuteAsync("lost", "SELECT txid_current(), pg_switch_wal()", Token);
        await server.ExecuteAsync("lost", "CHECKPOINT", Token);
        Assert.Equal(EtlErrorCode.SlotLost,
            (await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(definition, scenario))).Code);
        await new Pipeline(definition)
            .StreamAsync(new StreamOptions { UntilCaughtUp = true, Restart = true }, scenario, Token);
        Assert.Empty(await TableComparison.DifferencesAsync(server.ConnectionString("lost"), scenario.File, Token));
    }

    [Fact]
    public async Task A_slot_in_use_is_told_with_the_process_that_uses_it()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.BackfillAsync();
        File.Copy(scenario.File, scenario.File + "2");
        using var stop = new CancellationTokenSource();
        var run = scenario.Pipeline().StreamAsync(new StreamOptions(), scenario, stop.Token);
        await Eventually.IsTrueAsync(
            () => scenario.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE active AND database = current_database())"),
            run, Token);
        var copy = scenario.Definition() with { Destination = new DuckDbSettings(scenario.File + "2") };
        var error = await Assert.ThrowsAsync<EtlException>(() => CatchUpAsync(copy, scenario));
        Assert.Equal(EtlErrorCode.SlotActive, error.Code);
        Assert.Matches("process [0-9]+", error.Message);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_file_that_another_process_holds_and_one_that_is_no_database_leave_nothing()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await File.WriteAllTextAsync(scenario.File, new string('x', 20000), Token);
        await RefusedAsync(scenario, EtlErrorCode.NotADuckDbFile, fileExists: true);
        Assert.Equal(20000, new FileInfo(scenario.File).Length);
        File.Delete(scenario.File);
        await scenario.BackfillAsync();
        using (DuckDb.HolderProcess.Start(scenario.File))
            await RefusedAsync(scenario, EtlErrorCode.DestinationLocked, slots: 1, publications: 1, fileExists: true);
        await RefusedAsync(
            scenario, EtlErrorCode.DestinationUnavailable,
            definition: scenario.Definition() with
            {
                Destination = new DuckDbSettings("/no/such/folder/copy.duckdb"), Name = "elsewhere",
            },
            slots: 1, publications: 1);
    }

    [Fact]
    public async Task A_table_that_the_destination_has_already_is_not_overwritten()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        using (var connection = new DuckDB.NET.Data.DuckDBConnection($"DataSource={scenario.File}"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "CREATE SCHEMA public; CREATE TABLE public.\"T\" AS SELECT 42 AS mine";
            command.ExecuteNonQuery();
        }
        await RefusedAsync(scenario, EtlErrorCode.DestinationTableExists, fileExists: true);
        var rows = await scenario.Pipeline().QueryAsync("SELECT mine FROM public.t", Token);
        Assert.Equal(42, rows.Rows[0][0]);
    }

    [Fact]
    public async Task Another_source_is_refused_by_every_operation()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.BackfillAsync();
        await using var other = await pool.CreateDatabaseAsync();
        await other.ExecuteAsync(OneTable, Token);
        var definition = scenario.Definition() with { Source = SourceSettings.Parse(other.ConnectionString) };
        await RefusedAsync(
            scenario, EtlErrorCode.SourceChanged, definition: definition, slots: 1, publications: 1, fileExists: true);
        var error = await Assert.ThrowsAsync<EtlException>(() => new Pipeline(definition).RemoveAsync(scenario, Token));
        Assert.Equal(EtlErrorCode.SourceChanged, error.Code);
        Assert.Equal(1L, await SlotsAsync(scenario));
    }

    [Fact]
    public async Task A_destination_older_than_the_slot_and_a_slot_that_is_gone_are_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.BackfillAsync();
        File.Copy(scenario.File, scenario.File + ".old");
        await scenario.ExecuteAsync("INSERT INTO t VALUES (2, 'b')");
        await scenario.CatchUpAsync();
        File.Move(scenario.File, scenario.File + ".new");
        File.Copy(scenario.File + ".old", scenario.File);
        await RefusedAsync(scenario, EtlErrorCode.DestinationBehindSlot, slots: 1, publications: 1, fileExists: true);

        File.Move(scenario.File + ".new", scenario.File, overwrite: true);
        await scenario.ExecuteAsync("INSERT INTO t VALUES (3, 'c')");
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();

        await scenario.ExecuteAsync($"SELECT pg_drop_replication_slot('{scenario.Definition().EffectiveSlotName}')");
        await RefusedAsync(scenario, EtlErrorCode.SlotMissing, publications: 1, fileExists: true);
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task A_copy_made_without_a_slot_is_not_streamed()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable);
        await scenario.BackfillAsync(new BackfillOptions { SnapshotOnly = true });
        await RefusedAsync(scenario, EtlErrorCode.SnapshotOnlyCopy, fileExists: true);
        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_copy_in_memory_is_made_and_queried_and_a_stream_into_it_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, OneTable + "; CREATE TABLE keyless (a int); INSERT INTO keyless VALUES (7)");
        var pipeline = new Pipeline(
            scenario.Definition() with { Destination = new DuckDbSettings(DuckDbSettings.InMemory) });
        var error = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.StreamAsync(new StreamOptions(), scenario, Token));
        Assert.Equal(EtlErrorCode.InvalidArgument, error.Code);
        Assert.Contains("file", error.Remedy, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<EtlException>(() => pipeline.PlanStreamAsync(new StreamOptions(), Token));
        Assert.Equal(EtlErrorCode.InvalidArgument, error.Code);

        Assert.All(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token), r => Assert.True(r.Copied));
        Assert.All(await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token), r => Assert.False(r.Copied));
        var rows = await pipeline.QueryAsync("SELECT v, a FROM public.t, public.keyless", Token);
        Assert.Equal(["a", 7], rows.Rows[0]);
        Assert.Equal(0L, await SlotsAsync(scenario));
    }

    [Fact]
    public async Task Another_slot_or_publication_than_the_pipeline_was_started_with_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, OneTable + "; CREATE TABLE other (id int PRIMARY KEY); CREATE PUBLICATION dba FOR TABLE t");
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO other VALUES (1)");
        var definition = scenario.Definition() with { Publication = "dba" };
        await RefusedAsync(scenario, EtlErrorCode.InvalidArgument, definition: definition, slots: 1, publications: 2,
            fileExists: true);
        definition = scenario.Definition() with { SlotName = scenario.Database.Name + "_2" };
        foreach (var restart in new[] { false, true })
            await RefusedAsync(
                scenario, EtlErrorCode.InvalidArgument, definition: definition, restart: restart, slots: 1,
                publications: 2,
                fileExists: true);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task Partitions_that_log_only_their_own_keys_under_a_root_without_one_are_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE parts (id int, v text) PARTITION BY RANGE (id); ALTER TABLE parts REPLICA IDENTITY FULL;
            CREATE TABLE part PARTITION OF parts (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (10)
            """);
        await RefusedAsync(scenario, EtlErrorCode.NoReplicaIdentity);
    }

    [Fact]
    public async Task A_slot_that_somebody_else_makes_during_a_start_is_not_taken_by_the_next_one()
    {
        await using var scenario = await Scenario.CreateAsync(pool, OneTable + "; CREATE PUBLICATION dba FOR TABLE t");
        var definition = scenario.Definition() with { Publication = "dba" };
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
        scenario.OnEvent = told =>
        {
            if (told is Milestone milestone && milestone.Message.EndsWith("dropped.", StringComparison.Ordinal))
                Task.Run(() => scenario.ExecuteAsync(
                    $"SELECT pg_create_logical_replication_slot('{definition.EffectiveSlotName}', 'pgoutput')"))
                    .Wait(Token);
        };
        var error = await Assert.ThrowsAsync<EtlException>(
            () => new Pipeline(definition).BackfillAsync(new BackfillOptions { Restart = true }, scenario, Token));
        Assert.Equal(EtlErrorCode.SlotExists, error.Code);
        scenario.OnEvent = null;
        await RefusedAsync(
            scenario, EtlErrorCode.SlotExists, definition: definition, slots: 1, publications: 1, fileExists: true);
    }

    [Theory]
    [InlineData("temp")]
    [InlineData("MEMORY")]
    [InlineData("system")]
    [InlineData("etlps")]
    [InlineData("etlps_file")]
    public async Task A_schema_whose_name_the_destination_keeps_for_itself_is_refused(string schema)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, $"CREATE SCHEMA \"{schema}\"; CREATE TABLE \"{schema}\".tables (id int PRIMARY KEY)");
        await RefusedAsync(scenario, EtlErrorCode.NameCollision);
        var definition = scenario.Definition() with { DestinationSchema = "elsewhere" };
        await new Pipeline(definition).BackfillAsync(new BackfillOptions(), scenario, Token);
    }

    private static async Task<EtlException> RefusedAsync(
        Scenario scenario, EtlErrorCode code, string? source = null, PipelineDefinition? definition = null,
        bool restart = false,
        long slots = 0, long publications = 0, bool fileExists = false)
    {
        definition ??= scenario.Definition();
        if (source is not null) definition = definition with { Source = SourceSettings.Parse(source) };
        EtlException? refused = null;
        var before = Written(definition);
        var options = new StreamOptions { UntilCaughtUp = true, Restart = restart };
        foreach (var run in (Func<Task>[])[
            () => new Pipeline(definition).PlanStreamAsync(options, Token),
            () => new Pipeline(definition).StreamAsync(options, scenario, Token),
            () => new Pipeline(definition).BackfillAsync(new BackfillOptions { Restart = restart }, scenario, Token)])
        {
            var error = await Assert.ThrowsAsync<EtlException>(run);
            Assert.True(code == error.Code, $"{error.Code}: {error.Message}");
            Assert.NotEmpty(error.Remedy);
            Assert.DoesNotContain("canary", error + error.Remedy, StringComparison.Ordinal);
            refused = error;
        }
        Assert.Equal(slots, await SlotsAsync(scenario));
        Assert.Equal(publications, await scenario.ScalarAsync<long>("SELECT count(*) FROM pg_publication"));
        Assert.Equal((fileExists, before), (File.Exists(definition.Destination.Path), Written(definition)));
        return refused!;

        // Not its content: to open a file that this process has under its lock would let go of the lock.
        static (long Length, DateTime Time)? Written(PipelineDefinition definition) =>
            new FileInfo(definition.Destination.Path) is { Exists: true } file
            ? (file.Length, file.LastWriteTimeUtc)
            : null;
    }

    private static Task<long> SlotsAsync(Scenario scenario) => scenario.ScalarAsync<long>(
        "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()");

    private static Task<StreamResult> CatchUpAsync(PipelineDefinition definition, Scenario scenario) =>
        new Pipeline(definition).StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
