using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

public sealed class UnrepresentableValueTests(ServerPool servers)
{
    private const string LowerBound = "an array whose lower bound is not 1";
    private const string Dimensions = "an array of more than one dimension";
    private const string LastTimestamp = "beyond DuckDB's last timestamp";

    [Theory]
    [InlineData("numeric(10,2)", "'NaN'", "NaN")]
    [InlineData("numeric(38,10)", "'NaN'", "NaN")]
    [InlineData("timestamp", "'294247-01-10 04:00:54.775807'", LastTimestamp)]
    [InlineData("timestamp", "'294276-12-31 23:59:59.999999'", LastTimestamp)]
    [InlineData("timestamptz", "'294247-01-10 04:00:54.775807+00'", LastTimestamp)]
    [InlineData("int[]", "'{{1,2},{3,4}}'", Dimensions)]
    [InlineData("text[]", "'{{{a}}}'", Dimensions)]
    [InlineData("int[]", "'[2:3]={7,8}'", LowerBound)]
    [InlineData("bigint[]", "'[0:0]={7}'", LowerBound)]
    [InlineData("timestamp[]", "'{294276-12-31 00:00:00}'", LastTimestamp)]
    public async Task A_value_that_duckdb_cannot_hold_is_refused_in_binary_and_in_text(
        string type, string value, string reason)
    {
        var server = await servers.GetServerAsync();
        await using var connection = await server.OpenAsync("postgres", TestContext.Current.CancellationToken);
        await ExecuteAsync(connection, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'");
        await ExecuteAsync(connection, $"CREATE TEMPORARY TABLE t (v {type}); INSERT INTO t VALUES ({value})");
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));

        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        var bytes = await CopyTarget.CopyAsync(connection, "TABLE t");
        var fieldError = Assert.Throws<UnrepresentableFieldException>(() => decoder.Decode(bytes));
        Assert.Equal((0, 19, reason), (fieldError.Column, fieldError.RowOffset, fieldError.Reason));

        await using var command = new NpgsqlCommand("SELECT format('%s', v)::bytea FROM t", connection);
        var text = CopyTarget.Pinned(
            (byte[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
        var valueError = Assert.Throws<UnrepresentableValueException>(
            () => target.Codecs[0].ReadText(text, target.Appender[0], 0));
        Assert.Equal(reason, valueError.Reason);
    }

    [Theory]
    [InlineData("0000 0000 D000 0000", "infinity")]
    [InlineData("0000 0000 F000 0000", "infinity")]
    [InlineData("0001 0002 0000 0000 0001", "more digits than DECIMAL(10,2) holds")]
    [InlineData("0001 7FFF 0000 0000 0001", "more digits than DECIMAL(10,2) holds")]
    [InlineData("0002 0000 0000 0003 0001 000A", "more digits than DECIMAL(10,2) holds")]
    [InlineData("0003 0000 0000 0005 0001 0000 0001", "more digits than DECIMAL(10,2) holds")]
    [InlineData("0001 8000 0000 0005 0001", "more digits than DECIMAL(10,2) holds")]
    public void A_numeric_that_does_not_fit_its_column_is_never_rounded(string hex, string reason)
    {
        using var target = new CopyTarget(new PostgresType(1700, ((10 << 16) | 2) + 4, "numeric(10,2)"));
        var wire = Convert.FromHexString(hex.Replace(" ", ""));
        var error = Assert.Throws<UnrepresentableValueException>(
            () => target.Codecs[0].ReadBinary(wire, target.Appender[0], 0));
        Assert.Equal(reason, error.Reason);
    }

    [Fact]
    public void A_numeric_of_more_groups_than_a_signed_count_goes_to_is_read_as_one()
    {
        using var target = new CopyTarget(new PostgresType(1700, ((10 << 16) | 2) + 4, "numeric(10,2)"));
        byte[] wire = [0x80, 0, 0x7F, 0xFF, 0, 0, 0, 0, .. new byte[2 * 0x8000]];
        wire.AsSpan(8).Fill(0x01);
        var error = Assert.Throws<UnrepresentableValueException>(
            () => target.Codecs[0].ReadBinary(wire, target.Appender[0], 0));
        Assert.Equal("more digits than DECIMAL(10,2) holds", error.Reason);
    }

    [Fact]
    public void A_byte_that_the_server_has_converted_to_a_letter_is_refused()
    {
        using var target = new CopyTarget(new PostgresType(18, -1, "\"char\""));
        foreach (var letter in (string[])["é", "€"])
            Assert.Throws<UnrepresentableValueException>(
                () => target.Codecs[0].ReadText(System.Text.Encoding.UTF8.GetBytes(letter), target.Appender[0], 0));
    }

    [Fact]
    public void A_value_of_a_type_that_was_altered_fails_its_table_where_NULL_is_to_take_the_place_of_values()
    {
        using var target = new CopyTarget(new PostgresType(16_385, -1, "pair")
        {
            Structure = new CompositeStructure([new("a", new(23, -1, "integer")), new("b", new(23, -1, "integer"))]),
        });
        var carriage = new ColumnCarriage(OnUnrepresentable: OnUnrepresentable.Null);
        var writer = new TupleWriter(
            target.Schema with { Columns = [.. target.Columns.Select(c => c with { Carriage = carriage })] });
        Assert.Throws<TableFailedException>(
            () => writer.Write(0, TupleFields.Text, "(1,2,3)"u8, target.Appender[0], 0));
        Assert.Throws<TableFailedException>(
            () => writer.Write(0, TupleFields.Binary, [0, 0, 0, 1], target.Appender[0], 0));
    }

    [Theory]
    [InlineData("123456789.00")]
    [InlineData("1.001")]
    [InlineData("-0.005")]
    public void A_numeric_text_that_does_not_fit_its_column_is_never_rounded(string text)
    {
        using var target = new CopyTarget(new PostgresType(1700, ((10 << 16) | 2) + 4, "numeric(10,2)"));
        Assert.Throws<UnrepresentableValueException>(
            () => target.Codecs[0].ReadText(System.Text.Encoding.UTF8.GetBytes(text), target.Appender[0], 0));
    }

    [Theory]
    [InlineData(25u)]
    [InlineData(1043u)]
    [InlineData(1042u)]
    [InlineData(114u)]
    public void Text_of_a_server_without_an_encoding_must_be_utf8(uint oid)
    {
        using var target = new CopyTarget(new PostgresType(oid, -1, "text"));
        foreach (var bytes in (byte[][])[[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [.. "Grüße"u8, 0xE9]])
        {
            Assert.Throws<UnrepresentableValueException>(
                () => target.Codecs[0].ReadBinary(bytes, target.Appender[0], 0));
            Assert.Throws<UnrepresentableValueException>(() => target.Codecs[0].ReadText(bytes, target.Appender[0], 0));
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
