using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class TableDdlTests : IDisposable
{
    private readonly DuckDbFile file = DuckDbFile.Open(new DuckDbSettings(DuckDbSettings.InMemory));
    private readonly DuckDBConnection connection;

    public TableDdlTests() => connection = file.Connect();

    public void Dispose() => file.Dispose();

    [Theory]
    [InlineData("public", "orders", "id")]
    [InlineData("Sales", "Order", "Select")]
    [InlineData("a.b", "we\"ird.name", "col\"umn")]
    [InlineData("schéma", "🛒 cart", "naïve 🙂")]
    [InlineData("x", "--'; DROP SCHEMA main; ", "/* */")]
    [InlineData("s23456789012345678901234567890123456789012345678901234567890123",
        "t23456789012345678901234567890123456789012345678901234567890123",
        "c23456789012345678901234567890123456789012345678901234567890123")]
    public void A_table_of_any_name_is_made_hidden_filled_shown_emptied_and_dropped(
        string schema, string name, string column)
    {
        var table = SampleTables.Record(16400, new TableName(schema, name), column, "other");

        TableDdl.CreateHiddenTable(connection, table);
        connection.Execute($"INSERT INTO {table.HiddenName.Quoted} VALUES (1, NULL)");
        Assert.False(TableDdl.Exists(connection, table.Destination));
        Assert.True(TableDdl.Exists(connection, table.HiddenName));
        connection.Execute("BEGIN");
        TableDdl.Show(connection, table);
        connection.Execute("COMMIT");

        Assert.False(TableDdl.Exists(connection, table.HiddenName));
        Assert.Equal(1, connection.Scalar($"SELECT {TableName.Quote(column)} FROM {table.Destination.Quoted}"));
        TableDdl.Truncate(connection, table.Destination);
        Assert.Equal(0L, connection.Scalar($"SELECT count(*) FROM {table.Destination.Quoted}"));
        TableDdl.DropVisible(connection, table);
        TableDdl.DropVisible(connection, table);
        TableDdl.DropHidden(connection, table);
        Assert.False(TableDdl.Exists(connection, table.Destination));
    }

    [Fact]
    public void Showing_a_new_copy_replaces_the_visible_one_and_readers_do_not_see_it_before_its_commit()
    {
        var old = SampleTables.Record(16400, new TableName("public", "t"), "id");
        var anew = SampleTables.Record(16500, new TableName("public", "t"), "id");
        foreach (var (table, value) in new[] { (old, 1), (anew, 2) })
        {
            TableDdl.CreateHiddenTable(connection, table);
            connection.Execute($"INSERT INTO {table.HiddenName.Quoted} VALUES ($1)", value);
        }

        TableDdl.Show(connection, old);
        connection.Execute("BEGIN");
        TableDdl.Show(connection, anew with { StandsAt = Lsn.Zero });
        using var reader = file.Connect();
        Assert.Equal(1, reader.Scalar("SELECT id FROM public.t"));
        connection.Execute("COMMIT");
        Assert.Equal(2, reader.Scalar("SELECT id FROM public.t"));
        Assert.Equal(1L, connection.Scalar("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'public'"));
    }

    [Theory]
    [InlineData("CREATE TABLE public.t AS SELECT 42 AS mine")]
    [InlineData("CREATE VIEW public.T AS SELECT 42 AS mine")]
    public void Showing_a_copy_that_has_no_visible_rows_replaces_nothing(string theirs)
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "id");
        TableDdl.CreateHiddenTable(connection, table);
        connection.Execute(theirs);

        var error = Assert.Throws<EtlException>(() => TableDdl.Show(connection, table));

        Assert.Equal(EtlErrorCode.DestinationTableExists, error.Code);
        Assert.Equal(42, connection.Scalar("SELECT mine FROM public.t"));
    }

    [Fact]
    public void Making_a_hidden_table_again_begins_empty()
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "id");
        TableDdl.CreateHiddenTable(connection, table);
        connection.Execute($"INSERT INTO {table.HiddenName.Quoted} VALUES (1)");

        TableDdl.CreateHiddenTable(connection, table);

        Assert.Equal(0L, connection.Scalar($"SELECT count(*) FROM {table.HiddenName.Quoted}"));
    }

    [Fact]
    public void A_name_is_found_in_whatever_case_it_is_written_and_views_count()
    {
        connection.Execute("CREATE SCHEMA \"Sales\"");
        connection.Execute("CREATE VIEW \"Sales\".\"Order\" AS SELECT 1");
        connection.Execute("CREATE TABLE \"Sales\".\"É\" (i INT)");

        Assert.True(TableDdl.Exists(connection, new TableName("sales", "ORDER")));
        Assert.True(TableDdl.Exists(connection, new TableName("sales", "É")));
        Assert.False(TableDdl.Exists(connection, new TableName("sales", "é")));
        Assert.False(TableDdl.Exists(connection, new TableName("sales", "orders")));
    }

    [Fact]
    public void Columns_that_differ_in_case_only_are_refused_and_both_named()
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "Id", "x", "id");

        var error = Assert.Throws<EtlException>(() => TableDdl.CreateHiddenTable(connection, table));

        Assert.Equal(EtlErrorCode.NameCollision, error.Code);
        Assert.Contains("\"Id\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"id\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_that_differ_in_case_only_are_refused_and_both_named()
    {
        TableName upper = new("public", "T"), lower = new("public", "t"), other = new("sales", "t");

        var error = Assert.Throws<EtlException>(
            () => NameCollisions.CheckTables([(other, other), (upper, upper), (lower, lower)]));

        Assert.Equal(EtlErrorCode.NameCollision, error.Code);
        Assert.Contains("public.\"T\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("public.t", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Letters_beyond_ASCII_keep_their_case_as_they_do_in_DuckDB()
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "É", "é");

        TableDdl.CreateHiddenTable(connection, table);

        Assert.Equal(2L, connection.Scalar("SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'public'"));
    }

    [Fact]
    public void Two_pipelines_with_the_same_oid_have_hidden_names_of_their_own()
    {
        var table = SampleTables.Record(16400, new TableName("public", "t"), "id");

        Assert.NotEqual(table.HiddenName, (table with { Pipeline = "other" }).HiddenName);
    }
}
