using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Testing.Faults;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class DuckDbFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_new_file_is_created_and_closed_without_a_wal()
    {
        var path = folder["a.duckdb"];
        using (var file = Open(path))
        using (var connection = file.Connect())
            connection.Execute("CREATE TABLE t AS SELECT 1 AS i");

        Assert.True(File.Exists(path));
        Assert.False(File.Exists(path + ".wal"));
        Assert.False(File.Exists(path + ".etlps-owner"));
    }

    [Fact]
    public void Closing_the_file_closes_connections_that_are_still_open_and_rolls_back_what_they_did()
    {
        var path = folder["a.duckdb"];
        var file = Open(path);
        var connection = file.Connect();
        connection.Execute("BEGIN");
        connection.Execute("CREATE TABLE t AS SELECT 1 AS i");
        file.Dispose();

        Assert.Equal(System.Data.ConnectionState.Closed, connection.State);
        using var again = Open(path);
        Assert.Empty(again.Query("SHOW TABLES", Cancellation).Rows);
        Assert.Throws<ObjectDisposedException>(() => file.Connect());
    }

    [Fact]
    public void A_second_owner_in_this_process_is_refused_and_told_who_holds_the_file()
    {
        using var first = Open(folder["a.duckdb"]);

        var error = Assert.Throws<EtlException>(() => Open(folder["a.duckdb"]));

        Assert.Equal(EtlErrorCode.DestinationLocked, error.Code);
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_owner_through_a_link_to_the_file_or_its_folder_is_refused()
    {
        Directory.CreateDirectory(folder["real"]);
        Directory.CreateSymbolicLink(folder["link"], folder["real"]);
        File.CreateSymbolicLink(folder["b.duckdb"], Path.Combine("link", "a.duckdb"));
        using var first = Open(folder[Path.Combine("real", "a.duckdb")]);

        Assert.Equal(EtlErrorCode.DestinationLocked, CodeOf(() => Open(folder[Path.Combine("link", "a.duckdb")])));
        Assert.Equal(EtlErrorCode.DestinationLocked, CodeOf(() => Open(folder["b.duckdb"])));
        Assert.Equal(EtlErrorCode.DestinationLocked,
            CodeOf(() => Open(folder[Path.Combine("real", "..", "real", "a.duckdb")])));
    }

    [Fact]
    public void A_link_that_leads_in_a_circle_is_refused()
    {
        File.CreateSymbolicLink(folder["a"], folder["b"]);
        File.CreateSymbolicLink(folder["b"], folder["a"]);

        Assert.Equal(EtlErrorCode.DestinationUnavailable, CodeOf(() => Open(folder["a"])));
    }

    [Fact]
    public void The_file_can_be_owned_again_after_it_was_closed()
    {
        Open(folder["a.duckdb"]).Dispose();
        Open(folder["a.duckdb"]).Dispose();
        Assert.Equal(0, new FileInfo(folder["a.duckdb.etlps-lock"]).Length);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        var path = folder["notes.txt"];
        File.WriteAllText(path, "not a database but a text");

        Assert.Equal(EtlErrorCode.NotADuckDbFile, CodeOf(() => Open(path)));
        Assert.Equal("not a database but a text", File.ReadAllText(path));
    }

    [Fact]
    public void An_empty_file_and_what_was_left_of_a_making_that_was_cut_off_become_a_database()
    {
        var path = folder["a.duckdb"];
        File.WriteAllText(path, "");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path + ".etlps-new", "half a header");
        File.CreateSymbolicLink(folder["link"], path);

        using (var file = Open(folder["link"])) file.Connect().Execute("CREATE TABLE t AS SELECT 7 AS i");

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(["a.duckdb", "a.duckdb.etlps-lock", "link"], folder.Names);
        using var again = DuckDbFile.OpenReadOnly(new DuckDbSettings(path));
        Assert.Equal(7, again.Query("SELECT i FROM t", Cancellation).Rows[0][0]);
    }

    [Fact]
    public void An_empty_file_beside_a_log_with_rows_in_it_is_refused_and_both_are_left_as_they_are()
    {
        var path = folder["a.duckdb"];
        File.WriteAllText(path, "");
        File.WriteAllText(path + ".wal", "rows");

        Assert.Equal(EtlErrorCode.NotADuckDbFile, CodeOf(() => Open(path)));
        Assert.Equal((0L, "rows"), (new FileInfo(path).Length, File.ReadAllText(path + ".wal")));
    }

    [Fact]
    public void The_log_of_a_database_that_is_gone_does_not_reach_the_one_that_is_made_in_its_place()
    {
        var path = folder["a.duckdb"];
        Open(path).Dispose();
        File.Delete(path);
        File.WriteAllText(path + ".wal", "another's");

        using (var file = Open(path)) file.Connect().Execute("CREATE TABLE t AS SELECT 7 AS i");

        using var again = Open(path);
        Assert.Equal(7, again.Query("SELECT i FROM t", Cancellation).Rows[0][0]);
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_disk_that_has_no_room_for_a_new_database_leaves_none_behind_and_with_room_it_is_made()
    {
        await using var disk = await SmallDisk.TryMountAsync(1, Cancellation);
        // Where no disk can be mounted the folder stands for a disk on which a making was cut off.
        var path = Path.Combine(disk?.Path ?? folder[""], "a.duckdb");
        if (disk is not null)
        {
            await FillAsync(disk);
            Assert.Equal(EtlErrorCode.DestinationFull, CodeOf(() => Open(path)));
            Assert.False(File.Exists(path) || File.Exists(path + ".etlps-new"));
            await disk.GrowAsync(16, Cancellation);
        }
        else File.WriteAllText(path, "");

        using (var file = Open(path)) file.Connect().Execute("CREATE TABLE t AS SELECT 7 AS i");

        Assert.True(new FileInfo(path).Length > 0);
    }

    [Fact]
    public void A_folder_and_a_path_in_a_missing_folder_are_refused_with_a_remedy()
    {
        Directory.CreateDirectory(folder["d"]);

        Assert.Equal(EtlErrorCode.DestinationUnavailable, CodeOf(() => Open(folder["d"])));
        var error = Assert.Throws<EtlException>(() => Open(folder[Path.Combine("missing", "a.duckdb")]));
        Assert.Equal(EtlErrorCode.DestinationUnavailable, error.Code);
        Assert.Contains("Create the folder", error.Remedy, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["missing"]));
    }

    [Fact]
    public void A_read_only_file_is_refused()
    {
        Open(folder["a.duckdb"]).Dispose();
        new FileInfo(folder["a.duckdb"]).IsReadOnly = true;

        Assert.Equal(EtlErrorCode.DestinationUnavailable, CodeOf(() => Open(folder["a.duckdb"])));
        new FileInfo(folder["a.duckdb"]).IsReadOnly = false;
    }

    // On Windows and macOS such names are one file's.
    [Fact]
    [Trait("System", "Linux")]
    public void Names_that_differ_in_case_only_never_share_a_database()
    {
        using var lower = Open(folder["a.duckdb"]);
        using var upper = Open(folder["A.duckdb"]);
        using (var connection = lower.Connect()) connection.Execute("CREATE TABLE only_in_lower (id INTEGER)");

        Assert.Equal(0L, upper.Query("SELECT count(*) FROM duckdb_tables()", Cancellation).Rows[0][0]);
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("etlps")]
    [InlineData("main")]
    public void A_file_may_be_named_as_one_of_its_schemas(string schema)
    {
        using (var file = Open(folder[$"{schema}.duckdb"]))
        {
            using var connection = file.Connect();
            connection.Execute($"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {schema}.t AS SELECT 7 AS id");
            new StateStore(connection, "p").EnsureSchema();
            Assert.Equal(7, file.Query($"SELECT id FROM {schema}.t", Cancellation).Rows[0][0]);
        }

        using var again = DuckDbFile.OpenReadOnly(new DuckDbSettings(folder[$"{schema}.duckdb"]));
        Assert.Equal(7, again.Query($"SELECT id FROM {schema}.t", Cancellation).Rows[0][0]);
    }

    [Fact]
    public void Odd_characters_in_a_path_and_all_settings_take_effect()
    {
        // Windows has no quotation marks in names.
        var quote = OperatingSystem.IsWindows() ? "" : "\"";
        var settings = new DuckDbSettings(
            folder[$"we;ird= {quote}q' ü.duckdb"]) { MemoryLimit = 250_000_000, Threads = 1 };
        using var file = DuckDbFile.Open(settings);

        var row = file.Query(
            "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory'), "
            + "current_setting('TimeZone'), current_setting('autoload_known_extensions')", Cancellation).Rows[0];

        Assert.Equal("158.9 MiB", row[0]);
        Assert.Equal(1L, row[1]);
        Assert.Equal(settings.Path + ".tmp", row[2]);
        Assert.Equal("UTC", row[3]);
        Assert.Equal(false, row[4]);
    }

    [Theory]
    [InlineData("a.duckdb")]
    [InlineData(DuckDbSettings.InMemory)]
    public void A_small_memory_limit_spills_to_disk_and_leaves_nothing_there(string name)
    {
        var path = name == DuckDbSettings.InMemory ? name : folder[name];
        string spill;
        using (var file = DuckDbFile.Open(new DuckDbSettings(path) { MemoryLimit = 60_000_000, Threads = 1 }))
        {
            spill = (string)file.Query("SELECT current_setting('temp_directory')", Cancellation).Rows[0][0]!;
            var rows = file.Query(
                "SELECT count(*) FROM (SELECT DISTINCT md5(i::VARCHAR) FROM range(2_000_000) r(i))", Cancellation).Rows;
            Assert.Equal(2_000_000L, rows[0][0]);
        }

        Assert.False(Directory.Exists(spill));
    }

    [Fact]
    public void Connections_to_a_database_in_memory_share_it()
    {
        using var file = Open(DuckDbSettings.InMemory);
        using var one = file.Connect();
        using var two = file.Connect();
        one.Execute("CREATE TABLE t AS SELECT 42 AS i");

        Assert.Equal(42, two.Scalar("SELECT i FROM t"));
        using var other = Open(DuckDbSettings.InMemory);
        Assert.Empty(other.Query("SHOW TABLES", Cancellation).Rows);
    }

    [Fact]
    public void A_long_reader_holds_up_no_commit_and_leaves_no_wal_behind()
    {
        using (var file = DuckDbFile.Open(new DuckDbSettings(folder["a.duckdb"])))
        {
            var writer = file.Connect();
            writer.Execute("CREATE TABLE t (v VARCHAR)");
            var reader = file.Connect();
            reader.Execute("BEGIN");
            Assert.Equal(0L, reader.Scalar("SELECT count(*) FROM t"));
            for (var i = 0; i < 20; i++) writer.Execute("INSERT INTO t SELECT md5(r::VARCHAR) FROM range(100000) r(r)");
            Assert.Equal(0L, reader.Scalar("SELECT count(*) FROM t"));
            Assert.Equal(2_000_000L, writer.Scalar("SELECT count(*) FROM t"));
        }

        Assert.False(File.Exists(folder["a.duckdb.wal"]));
        using var again = DuckDbFile.Open(new DuckDbSettings(folder["a.duckdb"]));
        Assert.Equal(2_000_000L, again.Connect().Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_file_that_another_process_has_open_is_refused_with_its_process_id()
    {
        var path = folder["a.duckdb"];
        Open(path).Dispose();
        using var holder = HolderProcess.Start(path);

        var error = Assert.Throws<EtlException>(() => Open(path));

        Assert.Equal(EtlErrorCode.DestinationLocked, error.Code);
        if (!OperatingSystem.IsWindows())
            Assert.Contains($"process {holder.Id}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_process_can_open_the_file_after_it_was_closed()
    {
        var path = folder["a.duckdb"];
        using (var file = Open(path))
            file.Query("SELECT 1", Cancellation);

        using var holder = HolderProcess.Start(path);

        Assert.NotEqual(Environment.ProcessId, holder.Id);
    }

    private static async Task FillAsync(SmallDisk disk)
    {
        // Room for names and the lock's owner, and for no header.
        await using var filler = File.Create(Path.Combine(disk.Path, "filler"), 1);
        try
        {
            while (true) await filler.WriteAsync(new byte[4096], Cancellation);
        }
        catch (IOException)
        {
            filler.SetLength(Math.Max(0, filler.Length - 8192));
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static DuckDbFile Open(string path) => DuckDbFile.Open(new DuckDbSettings(path));

    private static EtlErrorCode CodeOf(Action action) => Assert.Throws<EtlException>(action).Code;
}
