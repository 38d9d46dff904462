using EtlPs.Engine.Changes;
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
    public async Task A_value_that_duckdb_cannot_hold_is_refused_in_binary_and_in_text(string type, string value, string reason)
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
        var text = CopyTarget.Pinned((byte[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
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
            Assert.Throws<UnrepresentableValueException>(() => target.Codecs[0].ReadBinary(bytes, target.Appender[0], 0));
            Assert.Throws<UnrepresentableValueException>(() => target.Codecs[0].ReadText(bytes, target.Appender[0], 0));
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
