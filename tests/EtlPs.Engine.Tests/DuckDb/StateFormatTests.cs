using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Tests.DuckDb;

/// <summary>
/// State that earlier versions wrote is read as it is, and brought to this version's format by a run.
/// </summary>
public sealed class StateFormatTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DuckDbFile file;
    private readonly DuckDBConnection connection;
    private readonly StateStore store;

    public StateFormatTests()
    {
        file = DuckDbFile.Open(new DuckDbSettings(folder["s.duckdb"]));
        connection = file.Connect();
        store = new StateStore(connection, "shop");
    }

    public void Dispose()
    {
        file.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void State_of_the_first_format_is_read_as_it_is_and_migrated_by_a_run()
    {
        foreach (var statement in Format1) connection.Execute(statement);

        var older = store.ReadTables();
        store.EnsureSchema();
        store.EnsureSchema();
        var migrated = store.ReadTables();

        Assert.Equal(["aside", "lost", "ready"], older.Select(t => t.Source.Name));
        Assert.Equal(new Lsn(5), older[0].StandsAt);
        Assert.Equal(
            [Lsn.Parse("16/B374D848"), null, null], migrated.Select(t => t.StandsAt));
        Assert.Equal("SchemaChanged", migrated[0].Error?.Code);
        Assert.Equal([true, false, true], migrated.Select(t => t.HasVisibleRows));
        store.UpsertTable(migrated[1] with { State = TableState.Pending });
        Assert.Equal(
            "16/B374D848", connection.Scalar("SELECT stands_at FROM etlps.status WHERE source = 'public.aside'"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void State_of_a_later_format_is_read_as_it_is_and_migrated_by_a_run_with_its_ranges(int version)
    {
        foreach (var statement in Format2) connection.Execute(statement);
        if (version >= 3)
        {
            connection.Execute("ALTER TABLE etlps.tables ADD COLUMN replay_from UBIGINT");
            connection.Execute("UPDATE etlps.tables SET replay_from = 4 WHERE oid = 1");
        }
        if (version == 4) connection.Execute("ALTER TABLE etlps.tables ADD COLUMN key_index UINTEGER DEFAULT 5");
        connection.Execute("UPDATE etlps.format SET version = $1", version);

        var older = store.ReadTables();
        store.EnsureSchema();
        store.EnsureSchema();
        var migrated = store.ReadTables();

        Assert.Equal(StateSchema.FormatVersion, StateSchema.Version(connection));
        Assert.Equal(older.Select(Described), migrated.Select(Described));
        Assert.Equal([version >= 3 ? new Lsn(4) : null, null], migrated.Select(t => t.ReplayFrom));
        Assert.Equal("n > 1", migrated[1].Schema.RowFilter);
        Assert.Equal(
            [new RangeRecord(2, 2, 0, 64, new Lsn(6), 9, 10, 11),
                new RangeRecord(2, 2, 64, null, new Lsn(6), 9, 12, 13)],
            store.ReadRanges(2));
        Assert.Equal(new Lsn(8), store.Fetches.Read(1));
        Assert.All(migrated, t => Assert.Equal((0ul, 0u), (t.Horizon, t.PublishedBy)));
        store.UpsertTable(
            migrated[1] with { ReplayFrom = new Lsn(6), KeyIndex = 77, Horizon = 1ul << 40, PublishedBy = 78 });
        var written = store.FindTable(2)!;
        Assert.Equal((new Lsn(6), 77u, 1ul << 40, 78u),
            (written.ReplayFrom!.Value, written.KeyIndex, written.Horizon, written.PublishedBy));
        Assert.Equal("0/7", connection.Scalar("SELECT position FROM etlps.status LIMIT 1"));

        static (string, TableState, Lsn, Lsn?, uint, string?) Described(TableRecord table) =>
            (table.Source.Name, table.State, table.CopiedAt, table.ReplayFrom, table.KeyIndex, table.Error?.Code);
    }

    // As the first version made it.
    private static readonly string[] Format1 =
    [
        "CREATE SCHEMA etlps",
        "CREATE TABLE etlps.format (version INTEGER)",
        "INSERT INTO etlps.format VALUES (1)",
        "CREATE TABLE etlps.pipelines (name VARCHAR, stage VARCHAR, system_identifier VARCHAR, timeline UINTEGER, "
        + "database VARCHAR, slot_name VARCHAR, publication VARCHAR, owns_publication BOOLEAN)",
        "CREATE TABLE etlps.positions (pipeline VARCHAR, lsn UBIGINT, commit_time TIMESTAMP WITH TIME ZONE)",
        "CREATE TABLE etlps.tables (pipeline VARCHAR, oid UINTEGER, source_schema VARCHAR, source_table VARCHAR, kind "
        + "VARCHAR, replica_identity VARCHAR, destination_schema VARCHAR, destination_table VARCHAR, state VARCHAR, "
        + "copied_at UBIGINT, file_node UINTEGER, copied_rows BIGINT, copied_bytes BIGINT, columns VARCHAR, error_code "
        + "VARCHAR, error_message VARCHAR)",
        "CREATE VIEW etlps.status AS SELECT name FROM etlps.pipelines",
        "INSERT INTO etlps.pipelines VALUES ('shop', 'Active', '1', 1, 'd', 's', 'p', true)",
        "INSERT INTO etlps.positions VALUES ('shop', 7, NULL)",
        "INSERT INTO etlps.tables VALUES ('shop', 1, 'public', 'aside', 'r', 'Default', 'public', 'aside', 'SetAside', "
        + "5, 1, 2, 3, '[]', 'SchemaChanged', 'It changed. The table stays as of 16/B374D848.')",
        "INSERT INTO etlps.tables VALUES ('shop', 2, 'public', 'lost', 'r', 'Default', 'public', 'lost', 'SetAside', "
        + "0, 1, 0, 0, '[]', 'UnsupportedType', 'No.')",
        "INSERT INTO etlps.tables VALUES ('shop', 3, 'public', 'ready', 'r', 'Default', 'public', 'ready', 'Ready', 6, "
        + "1, 2, 3, '[]', NULL, NULL)",
    ];

    // As the second one made it, with a table that catches up and one that was cut off.
    private static readonly string[] Format2 =
    [
        "CREATE SCHEMA IF NOT EXISTS etlps",
        "CREATE TABLE IF NOT EXISTS etlps.format (version INTEGER)",
        "CREATE TABLE IF NOT EXISTS etlps.pipelines (name VARCHAR, stage VARCHAR, system_identifier VARCHAR, timeline "
        + "UINTEGER, database VARCHAR, slot_name VARCHAR, publication VARCHAR, owns_publication BOOLEAN)",
        "CREATE TABLE IF NOT EXISTS etlps.positions (pipeline VARCHAR, lsn UBIGINT, commit_time TIMESTAMP WITH TIME "
        + "ZONE)",
        "CREATE TABLE IF NOT EXISTS etlps.tables (pipeline VARCHAR, oid UINTEGER, source_schema VARCHAR, source_table "
        + "VARCHAR, kind VARCHAR, replica_identity VARCHAR, destination_schema VARCHAR, destination_table VARCHAR, "
        + "state VARCHAR, copied_at UBIGINT, file_node UINTEGER, copied_rows BIGINT, copied_bytes BIGINT, columns "
        + "VARCHAR, error_code VARCHAR, error_message VARCHAR, row_filter VARCHAR, error_remedy VARCHAR, error_column "
        + "VARCHAR, error_key VARCHAR, set_aside_at TIMESTAMP WITH TIME ZONE, stands_at UBIGINT, stands_at_commit "
        + "TIMESTAMP WITH TIME ZONE, reset_begun TIMESTAMP WITH TIME ZONE)",
        "CREATE TABLE IF NOT EXISTS etlps.copy_ranges (pipeline VARCHAR, oid UINTEGER, heap UINTEGER, start_block "
        + "UINTEGER, end_block UINTEGER, copied_at UBIGINT, file_node UINTEGER, copied_rows BIGINT, copied_bytes "
        + "BIGINT)",
        "CREATE TABLE IF NOT EXISTS etlps.fetches (pipeline VARCHAR, oid UINTEGER, lsn UBIGINT)",
        "CREATE TABLE IF NOT EXISTS etlps.partitions (pipeline VARCHAR, root UINTEGER, oid UINTEGER, attached_by "
        + "UINTEGER, file_node UINTEGER, horizon UBIGINT)",
        "CREATE OR REPLACE VIEW etlps.status AS SELECT p.name, t.state FROM etlps.pipelines p "
        + "LEFT JOIN etlps.tables t ON t.pipeline = p.name",
        "INSERT INTO etlps.format VALUES (2)",
        "INSERT INTO etlps.pipelines VALUES ('shop', 'Active', '1', 1, 'd', 's', 'p', true)",
        "INSERT INTO etlps.positions VALUES ('shop', 7, NULL)",
        "INSERT INTO etlps.tables VALUES ('shop', 1, 'public', 'a', 'r', 'Default', 'public', 'a', 'CatchingUp', 9, 1, "
        + "2, 3, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "INSERT INTO etlps.tables VALUES ('shop', 2, 'public', 'b', 'r', 'Full', 'public', 'b', 'Copying', 6, 9, 0, 0, "
        + "'[]', NULL, NULL, 'n > 1', NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "INSERT INTO etlps.copy_ranges VALUES ('shop', 2, 2, 0, 64, 6, 9, 10, 11), ('shop', 2, 2, 64, NULL, 6, 9, 12, "
        + "13)",
        "INSERT INTO etlps.fetches VALUES ('shop', 1, 8)",
    ];
}
