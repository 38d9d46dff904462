using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class RowGroupTests : IDisposable
{
    private const int Rows = 20_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(100_000_000, 1_000_000, RowGroups.Most)]
    [InlineData(1_000_000_000, 1_000_000, 32_768)]
    [InlineData(2_000_000_000, 100_000, RowGroups.Least)]
    [InlineData(1_000_000, null, RowGroups.OfUnknownRows)]
    [InlineData(2_000_000_000_000, null, RowGroups.OfUnknownRows)]
    [InlineData(0, 0, RowGroups.OfUnknownRows)]
    public void A_group_is_of_as_many_rows_as_are_32_MB(long bytes, int? rows, int expected) =>
        Assert.Equal(expected, RowGroups.For([new TableSize(bytes, rows)]));

    [Fact]
    public void The_tables_that_most_bytes_are_in_decide()
    {
        var documents = new TableSize(3_200_000_000, 200_000);
        var accounts = new TableSize(640_000_000, 5_000_000);

        Assert.Equal(RowGroups.Least, RowGroups.For([documents, accounts]));
        Assert.Equal(
            RowGroups.Most, RowGroups.For([documents with { Bytes = 1_600_000, EstimatedRows = 100 }, accounts]));
        Assert.Equal(RowGroups.Most, RowGroups.For(
            [new TableSize(0, 0), accounts with { Bytes = 64_000_000_000, EstimatedRows = 500_000_000 }]));
        Assert.InRange(RowGroups.For([new TableSize(0, 0), accounts]), RowGroups.OfUnknownRows, RowGroups.Most - 1);
    }

    [Fact]
    public void A_file_takes_groups_of_one_size_after_another_and_keeps_every_row()
    {
        string path = _folder["a.duckdb"];
        Write(path, RowGroups.Least, $"CREATE TABLE t AS SELECT i FROM range({Rows}) r(i)");
        Assert.Equal(1 + (Rows / RowGroups.Least), Groups(path));

        Write(path, RowGroups.Most, $"INSERT INTO t SELECT i FROM range({Rows}, {3 * Rows}) r(i)");
        Write(path, 4 * RowGroups.Least,
            $"DELETE FROM t WHERE i % 3 = 0; INSERT INTO t SELECT i FROM range({3 * Rows}, {4 * Rows}) r(i)");

        using var file = DuckDbFile.Open(new DuckDbSettings(path));
        using var connection = file.Connect();
        connection.Execute("CHECKPOINT");
        Assert.Equal(
            $"{(3 * Rows) - (3 * Rows / 3) + Rows}|{Enumerable.Range(0, 4 * Rows).Where(i => i >= 3 * Rows || i % 3 != 0).Sum(i => (long)i)}",
            connection.Scalar("SELECT count(*) || '|' || sum(i) FROM t"));
    }

    [Fact]
    public void A_file_that_is_in_use_keeps_its_size()
    {
        using var file = DuckDbFile.Open(new DuckDbSettings(_folder["a.duckdb"]));
        using var connection = file.Connect();

        Assert.Throws<InvalidOperationException>(() => file.UseRowGroupsOf(RowGroups.Least));
    }

    private static void Write(string path, int rowsOfGroup, string sql)
    {
        using var file = DuckDbFile.Open(new DuckDbSettings(path));
        file.UseRowGroupsOf(rowsOfGroup);
        using var connection = file.Connect();
        foreach (string statement in sql.Split(';')) connection.Execute(statement);
    }

    private static int Groups(string path)
    {
        using var file = DuckDbFile.Open(new DuckDbSettings(path));
        using var connection = file.Connect();
        return (int)(long)connection.Scalar("SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('t')")!;
    }
}
