using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// A check tells all that stands in the way of a start, by the start's own rules, and changes nothing.
/// </summary>
public sealed class CheckTests(ServerPool pool)
{
    private const string Table =
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, 'v' FROM generate_series(1, 10) n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pipeline_that_can_start_passes_and_nothing_is_made()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);

        var checks = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);

        Assert.Equal(
            [
                "NativeLibrary", "Connection", "ServerVersion", "NoPooler", "IdleTimeouts", "WalLevel",
                "ReplicationRight", "Primary",
                "WalSenders", "ReplicationSlots", "SlotWalLimit", "Destination", "Publication", "Slot", "Tables",
                "TableRights",
                "RowSecurity", "PublicationRight", "TableOwnership", "Partitions", "ReplicaIdentity", "ColumnTypes",
                "Names",
                "DestinationTables", "DiskSpace", "Start",
            ],
            checks.Select(c => c.Name));
        Assert.All(checks, c => Assert.Equal(CheckStatus.Passed, c.Status));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(scenario.File)!));
        Assert.Equal(0L, await LeftAtTheSourceAsync(scenario));
    }

    [Fact]
    public async Task All_that_stands_in_the_way_is_told_at_once_and_a_start_is_refused_for_one_of_it()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE keyless (id int); CREATE TABLE policed (id int PRIMARY KEY);
            CREATE TABLE closed (id int PRIMARY KEY);
            CREATE TABLE two (id int PRIMARY KEY, "V" int, v int); CREATE TABLE hides (id int, rowid int);
            ALTER TABLE hides REPLICA IDENTITY FULL;
            ALTER TABLE policed ENABLE ROW LEVEL SECURITY
            """);
        await using var role = await RestrictedRole.CreateAsync(scenario, "keyless, policed, two, hides");
        await scenario.ExecuteAsync($"ALTER ROLE {role.Name} NOREPLICATION");
        var pipeline = new Pipeline(
            role.Definition with { Publication = null, Tables = ["closed", "keyless", "policed", "two", "hides"] });

        var checks = await pipeline.CheckAsync(new BackfillOptions(), Token);

        Assert.Equal(
            [
                "Names NameCollision", "PublicationRight PermissionDenied", "ReplicaIdentity NoReplicaIdentity",
                "ReplicationRight ReplicationRightMissing", "RowSecurity PermissionDenied",
                "TableOwnership PermissionDenied",
                "TableRights PermissionDenied",
            ],
            checks.Where(c => c.Status == CheckStatus.Failed).Select(c => $"{c.Name} {c.Code}")
            .Order(StringComparer.Ordinal));
        Assert.Contains("rowid", Of(checks, "ColumnTypes", CheckStatus.Warning).Evidence, StringComparison.Ordinal);
        Assert.Equal(
            "ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL;",
            Of(checks, "ReplicaIdentity", CheckStatus.Failed).Sql);
        Assert.All(
            checks.Where(c => c.Status == CheckStatus.Failed), c => Assert.False(string.IsNullOrEmpty(c.Remedy)));
        var refused = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.PlanBackfillAsync(new BackfillOptions(), Token));
        Assert.Contains(checks, c => c.Code == refused.Code && c.Evidence == refused.Message);
    }

    [Fact]
    public async Task The_statements_of_the_checks_mend_what_failed()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE SCHEMA s; CREATE TABLE s.keyless (id int); CREATE TABLE policed (id int PRIMARY KEY);
            ALTER TABLE policed ENABLE ROW LEVEL SECURITY
            """);
        await using var role = await RestrictedRole.CreateAsync(scenario, "policed");
        await scenario.ExecuteAsync($"ALTER ROLE {role.Name} NOREPLICATION");
        var pipeline = new Pipeline(role.Definition with { Publication = null, Tables = ["s.keyless", "policed"] });

        var before = await pipeline.CheckAsync(new BackfillOptions(), Token);
        var failed = before.Where(c => c.Status == CheckStatus.Failed).ToList();
        foreach (var check in failed) await scenario.ExecuteAsync(check.Sql!);
        var after = await pipeline.CheckAsync(new BackfillOptions(), Token);

        Assert.Equal(6, failed.Count);
        Assert.DoesNotContain(after, c => c.Status == CheckStatus.Failed);
        Assert.Contains(after, c => c is { Name: "Start", Status: CheckStatus.Passed });
        await scenario.ExecuteAsync($"DROP OWNED BY {role.Name}");
    }

    [Fact]
    public async Task A_server_that_cannot_stream_fails_where_it_cannot_and_passes_for_a_one_off_copy()
    {
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions
            {
                WalLevel = "replica",
                Settings = new Dictionary<string, string>
                {
                    ["max_replication_slots"] = "0", ["max_wal_senders"] = "0", ["max_slot_wal_keep_size"] = "-1",
                },
            }, Token);
        await using var scenario = await Scenario.CreateAsync(server, Table);

        var checks = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);
        var oneOff = await scenario.Pipeline().CheckAsync(new BackfillOptions { SnapshotOnly = true }, Token);

        Assert.Equal(
            ["WalLevel", "WalSenders", "ReplicationSlots"], checks.Where(c => c.Status == CheckStatus.Failed)
                .Select(c => c.Name));
        Assert.Equal("ALTER SYSTEM SET wal_level = logical;", Of(checks, "WalLevel", CheckStatus.Failed).Sql);
        Assert.StartsWith(
            "ALTER SYSTEM SET max_slot_wal_keep_size", Of(checks, "SlotWalLimit", CheckStatus.Warning).Sql,
            StringComparison.Ordinal);
        Assert.All(oneOff, c => Assert.Equal(CheckStatus.Passed, c.Status));
        Assert.DoesNotContain(oneOff, c => c.Name is "WalLevel" or "Slot");
    }

    [Fact]
    public async Task A_destination_in_use_fails_and_the_source_is_checked_all_the_same()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        using (var open = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        {
            var checks = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);

            Assert.Equal(EtlErrorCode.DestinationLocked, Of(checks, "Destination", CheckStatus.Failed).Code);
            Of(checks, "WalLevel", CheckStatus.Passed);
        }

        var unreachable = scenario.Definition() with { Source =
            SourceSettings.Parse("Host=127.0.0.1;Port=1;Database=shop") };
        var alone = await new Pipeline(unreachable).CheckAsync(new BackfillOptions(), Token);
        Assert.Equal(EtlErrorCode.SourceUnreachable, Of(alone, "Connection", CheckStatus.Failed).Code);
        Of(alone, "Destination", CheckStatus.Passed);
    }

    [Fact]
    public async Task A_table_of_another_and_a_folder_that_is_not_there_fail()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        using (var connection = file.Connect())
            connection.Execute("CREATE SCHEMA public; CREATE TABLE public.t (x int)");

        var taken = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);
        var nowhere = await new Pipeline(
            scenario.Definition() with { Destination =
                new DuckDbSettings(Path.Combine(scenario.File + "-none", "x.duckdb")) })
            .CheckAsync(new BackfillOptions(), Token);

        Assert.Equal(EtlErrorCode.DestinationTableExists, Of(taken, "DestinationTables", CheckStatus.Failed).Code);
        Assert.Equal(EtlErrorCode.DestinationUnavailable, Of(nowhere, "Destination", CheckStatus.Failed).Code);
        Assert.Single(nowhere, c => c.Status != CheckStatus.Passed);
    }

    [Fact]
    public void A_disk_with_less_room_than_the_tables_hold_is_warned_of()
    {
        var file = new DuckDbSettings(Path.Combine(Path.GetTempPath(), "x.duckdb"));
        var list = new Checklist(
            new PipelineDefinition { Name = "p", Source = SourceSettings.Parse("Host=db1"), Destination = file });
        var tooMuch = new CopyEstimate(long.MaxValue, TimeSpan.Zero, null);

        DestinationChecks.CheckSpace(list, file, tooMuch);
        DestinationChecks.CheckSpace(list, new DuckDbSettings(DuckDbSettings.InMemory), tooMuch);

        var check = Of(list.Checks, "DiskSpace", CheckStatus.Warning);
        Assert.Contains($"{long.MaxValue >> 20} MB", check.Evidence, StringComparison.Ordinal);
        Assert.Contains("larger disk", check.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_small_disk_is_warned_of_and_a_full_one_fails()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        await using var disk = await SmallDisk.TryMountAsync(24, Token);
        if (disk is null)
        {
            // Not permitted here: then that the check finds a disk at all, and compares.
            var check = Assert.Single(
                await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token), c => c.Name == "DiskSpace");
            Assert.Matches("^[0-9]+ MB are free in ", check.Evidence);
            return;
        }
        var pipeline = new Pipeline(
            scenario.Definition() with { Destination = new DuckDbSettings(Path.Combine(disk.Path, "copy.duckdb")) });

        var small = await pipeline.CheckAsync(new BackfillOptions(), Token);
        await FillAsync(disk);
        var full = await pipeline.CheckAsync(new BackfillOptions(), Token);
        var refused = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        File.Delete(Filler(disk));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await FillAsync(disk);
        var later = await pipeline.CheckAsync(new BackfillOptions(), Token);
        File.Delete(Filler(disk));

        Assert.Contains("256 MB", Of(small, "DiskSpace", CheckStatus.Warning).Remedy, StringComparison.Ordinal);
        Assert.Equal(EtlErrorCode.DestinationFull, Of(full, "Destination", CheckStatus.Failed).Code);
        Assert.DoesNotContain(full, c => c.Name == "DiskSpace");
        Assert.Equal(EtlErrorCode.DestinationFull, refused.Code);
        Assert.Equal(EtlErrorCode.DestinationFull, Of(later, "Destination", CheckStatus.Failed).Code);
        Assert.Contains("Make room", Of(later, "Destination", CheckStatus.Failed).Remedy, StringComparison.Ordinal);
        Of(await pipeline.CheckAsync(new BackfillOptions(), Token), "Destination", CheckStatus.Passed);
    }

    [Fact]
    public async Task A_copy_that_goes_on_passes_and_a_lost_slot_or_publication_fails()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        await scenario.BackfillAsync();

        var going = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);
        await scenario.ExecuteAsync($"DROP PUBLICATION {scenario.Definition().EffectivePublication}");
        var unpublished = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);
        await scenario.ExecuteAsync($"SELECT pg_drop_replication_slot('{scenario.Definition().EffectiveSlotName}')");
        var lost = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);
        var anew = await scenario.Pipeline().CheckAsync(new BackfillOptions { Restart = true }, Token);

        Assert.DoesNotContain(going, c => c.Status == CheckStatus.Failed);
        Assert.Contains("has all that", Of(going, "Slot", CheckStatus.Passed).Evidence, StringComparison.Ordinal);
        Assert.Equal(EtlErrorCode.PublicationUnusable, Of(unpublished, "Publication", CheckStatus.Failed).Code);
        Assert.Equal(EtlErrorCode.SlotMissing, Of(lost, "Slot", CheckStatus.Failed).Code);
        Assert.DoesNotContain(anew, c => c.Status == CheckStatus.Failed);
    }

    [Fact]
    public async Task While_its_own_stream_runs_a_pipeline_passes()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        var pipeline = scenario.Pipeline();
        var streams = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Engine.Pipelines.Events.StreamProgress) streams.TrySetResult();
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var stream = pipeline.StreamAsync(new StreamOptions(), scenario, stop.Token);
        await await Task.WhenAny(streams.Task, stream);

        var checks = await pipeline.CheckAsync(new BackfillOptions(), Token);

        Assert.DoesNotContain(checks, c => c.Status == CheckStatus.Failed);
        Assert.Contains(
            "run of this session", Of(checks, "Slot", CheckStatus.Passed).Evidence, StringComparison.Ordinal);
        await stop.CancelAsync();
        await stream;
    }

    [Fact]
    public async Task A_publication_of_a_dba_is_told_where_it_leaves_out_operations_or_makes_updates_fail()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE t (id int); CREATE PUBLICATION dba FOR TABLE t WITH (publish = 'insert, update')");
        var pipeline = scenario.PipelineOf("dba");

        var checks = await pipeline.CheckAsync(new BackfillOptions(), Token);
        await scenario.ExecuteAsync(Of(checks, "Publication", CheckStatus.Warning).Sql!);
        await scenario.ExecuteAsync(Of(checks, "ReplicaIdentity", CheckStatus.Warning).Sql!);
        var mended = await pipeline.CheckAsync(new BackfillOptions(), Token);

        Of(mended, "Publication", CheckStatus.Passed);
        Of(mended, "ReplicaIdentity", CheckStatus.Passed);
        var missing = await scenario.PipelineOf("nobody").CheckAsync(new BackfillOptions(), Token);
        Assert.Equal(EtlErrorCode.PublicationUnusable, Of(missing, "Publication", CheckStatus.Failed).Code);
    }

    [Fact]
    public async Task Tables_that_were_set_aside_are_warned_of()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, Table + "; CREATE TABLE hides (rowid int); ALTER TABLE hides REPLICA IDENTITY FULL");
        await scenario.BackfillAsync();

        var checks = await scenario.Pipeline().CheckAsync(new BackfillOptions(), Token);

        Assert.Contains("hides", Of(checks, "SetAside", CheckStatus.Warning).Evidence, StringComparison.Ordinal);
        Assert.DoesNotContain(checks, c => c.Status == CheckStatus.Failed);
    }

    [Theory]
    [InlineData(130012, EtlErrorCode.ServerTooOld)]
    [InlineData(140000, null)]
    public void An_old_server_is_told_by_what_the_session_says(int number, EtlErrorCode? code) =>
        Assert.Equal(code, new ServerFacts(number, "?", 7)
            .VersionProblem(SourceSettings.Parse("Host=db1;Database=shop"))?.Code);

    private static string Filler(SmallDisk disk) => Path.Combine(disk.Path, "filler");

    private static async Task FillAsync(SmallDisk disk)
    {
        await using var file = File.Create(Filler(disk), 1);
        var block = new byte[65536];
        for (var size = block.Length; size > 0; size /= 2)
            try
            {
                while (true) await file.WriteAsync(block.AsMemory(0, size), Token);
            }
            catch (IOException)
            {
                // Not as much as that any more.
            }
    }

    private static PipelineCheck Of(IReadOnlyList<PipelineCheck> checks, string name, CheckStatus status)
    {
        var check = Assert.Single(checks, c => c.Name == name);
        Assert.Equal(status, check.Status);
        return check;
    }

    private static Task<long> LeftAtTheSourceAsync(Scenario scenario) => scenario.ScalarAsync<long>(
        "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) + (SELECT count(*) "
        + "FROM pg_publication)");
}
