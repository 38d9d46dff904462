using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// numeric without a precision, or wider than DECIMAL: as text, as DOUBLE, as a DECIMAL that a user chose.
/// </summary>
public sealed class UnboundedNumericTests(ServerPool servers)
{
    // As many groups of four digits as there can be: more than a signed count goes to.
    private static readonly string s_longest = $"{new string('9', 131_072)}.{new string('1', 16_383)}";

    private static readonly string[] s_values =
    [
        "0", "0.00", "1", "-1", "1.10", "-0.5", "0.0001", "0.00001", "0.000000000000000000001", "10000", "100000000",
        "123456789.123456789",
        "9999.9999", "10000.0001", s_longest, "1e131071", "1e-16383", "NaN", "Infinity", "-Infinity",
        "12345678901234567890123456789012345678901234567890.10",
    ];

    [Theory]
    [InlineData("numeric")]
    [InlineData("numeric(1000,500)")]
    [InlineData("numeric(39,0)")]
    public async Task Text_is_what_the_output_function_writes_from_either_wire(string type)
    {
        await using var connection = await SetUpAsync(type);
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));
        Assert.Equal("VARCHAR", target.Codecs[1].DuckDbType);
        var expected = await ReadAsync(connection, "SELECT format('%s', v) FROM t ORDER BY id");

        var bytes = await CopyTarget.CopyAsync(connection, "SELECT * FROM t ORDER BY id");
        new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender).Decode(bytes);
        var pinned = expected.ConvertAll(text => CopyTarget.Pinned(Encoding.UTF8.GetBytes(text)));
        for (var row = 0; row < pinned.Count; row++)
        {
            target.Appender[0].Set(row, row + 1000);
            target.Codecs[1].ReadText(pinned[row], target.Appender[1], row);
        }
        target.Appender.AppendChunk(pinned.Count);
        target.Commit();

        Assert.Equal([.. expected, .. expected], target.Query("SELECT c1 FROM t ORDER BY c0").ConvertAll(r => r[0]!));
    }

    [Fact]
    public async Task Arrays_hold_the_same_texts()
    {
        await using var connection = await SetUpAsync("numeric");
        await ExecuteAsync(connection,
            "CREATE TEMPORARY TABLE a AS SELECT 1 AS id, array_agg(v ORDER BY id) || NULL::numeric AS v FROM t");
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "a"));
        Assert.Equal("VARCHAR[]", target.Codecs[1].DuckDbType);

        var bytes = await CopyTarget.CopyAsync(connection, "TABLE a");
        new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender).Decode(bytes);
        target.Commit();

        Assert.Equal(
            await ReadAsync(connection, "SELECT array_to_string(v, ';', '~') FROM a"),
            target.Query("SELECT array_to_string(list_transform(c1, lambda x: coalesce(x, '~')), ';') FROM t")
            .ConvertAll(r => r[0]!));
    }

    [Fact]
    public async Task A_double_gives_every_number_back_or_is_refused_from_either_wire()
    {
        await using var connection = await SetUpAsync("numeric");
        await ExecuteAsync(
            connection,
            """
            INSERT INTO t (v) SELECT ((random() * 1e15)::int8::numeric * power(10::numeric, (random() * 40)::int - 20))
                FROM generate_series(1, 500);
            INSERT INTO t (v) SELECT (random()::text || (random() * 1000)::int)::numeric FROM generate_series(1, 500);
            INSERT INTO t (v) SELECT (random() * 1e18)::numeric FROM generate_series(1, 500)
            """);
        using var target = new CopyTarget(
            new PostgresType(20, -1, "bigint"), new PostgresType(701, -1, "double precision"));
        var codec = CodecCatalog.Find(new PostgresType(1700, -1, "numeric"), UnboundedNumeric.Double)!;
        Assert.Equal("DOUBLE", codec.DuckDbType);
        await using var command = new NpgsqlCommand(
            """
            SELECT numeric_send(v), format('%s', v), CASE WHEN is_held THEN encode(float8send(v::float8), 'hex') END
              FROM (SELECT *, CASE WHEN abs(v) BETWEEN 1e-300 AND 1e300 THEN v
                  IN (v::float8::numeric, v::float8::text::numeric)
                              ELSE v = 0 OR abs(v) = 'Infinity' OR v = 'NaN' END AS is_held FROM t) AS t
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var (expected, refused, row) = (new List<string>(), 0, 0);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            var (wire, text) = (CopyTarget.Pinned((byte[])reader[0]), reader.GetString(1));
            foreach (var read in (Action[])
            [
                () => codec.ReadBinary(wire, target.Appender[1], row),
                () => codec.ReadText(Encoding.UTF8.GetBytes(text), target.Appender[1], row),
            ])
            {
                Assert.True(!reader.IsDBNull(2) == Holds(read), text);
                if (reader.IsDBNull(2))
                {
                    refused++;
                    continue;
                }
                target.Appender[0].Set(row, (long)expected.Count);
                expected.Add(reader.GetString(2));
                if (++row < 1000) continue;
                target.Appender.AppendChunk(row);
                row = 0;
            }
        }
        target.Appender.AppendChunk(row);
        target.Commit();
        Assert.True(expected.Count > 1000 && refused > 200, $"{expected.Count} held, {refused} refused");
        Assert.Equal(expected, target.Query(
            "SELECT lower(lpad(to_hex(CAST(c1::BIT AS UBIGINT)), 16, '0')) FROM t ORDER BY c0").ConvertAll(r => r[0]!));
    }

    [Theory]
    [InlineData("0.1", null)]
    [InlineData("-123456789012345", null)]
    [InlineData("9007199254740993", "more digits than DOUBLE holds")]
    [InlineData("0.10000000000000000001", "more digits than DOUBLE holds")]
    [InlineData("1e-400", "more digits than DOUBLE holds")]
    [InlineData("-1e400", "beyond the range of DOUBLE")]
    public void What_a_double_cannot_give_back_is_told_by_kind(string number, string? reason)
    {
        using var target = new CopyTarget(new PostgresType(701, -1, "double precision"));
        var codec = new NumericDoubleCodec();
        var text = number.Contains('e') ? Expand(number) : number;

        var error = Record.Exception(() => codec.ReadText(Encoding.ASCII.GetBytes(text), target.Appender[0], 0));

        Assert.Equal(reason, (error as UnrepresentableValueException)?.Reason);
    }

    [Fact]
    public void A_chosen_decimal_never_rounds()
    {
        using var target = new CopyTarget(new PostgresType(1700, ((10 << 16) | 2) + 4, "numeric(10,2)"));
        var codec = CodecCatalog.Find(new PostgresType(1700, -1, "numeric"), UnboundedNumeric.Parse("decimal(10, 2)"))!;
        Assert.Equal("DECIMAL(10,2)", codec.DuckDbType);
        codec.ReadText("99999999.990"u8, target.Appender[0], 0);
        codec.ReadBinary(Wire("0003 0001 0000 0003 270F 270F 26AC"), target.Appender[0], 1);
        foreach (var text in (string[])["1.001", "100000000", "NaN", "Infinity", "-Infinity"])
            Assert.Throws<UnrepresentableValueException>(
                () => codec.ReadText(Encoding.ASCII.GetBytes(text), target.Appender[0], 2));
        foreach (var hex in (string[])
            ["0002 0000 0000 0003 0001 000A", "0001 0002 0000 0000 0001", "0000 0000 C000 0000", "0000 0000 D000 0020",
                "0000 0000 F000 0020"])
            Assert.Throws<UnrepresentableValueException>(() => codec.ReadBinary(Wire(hex), target.Appender[0], 2));
        target.Appender.AppendChunk(2);
        target.Commit();
        Assert.Equal(["99999999.99", "99999999.99"], target.Query("SELECT c0::VARCHAR FROM t").ConvertAll(r => r[0]));
    }

    [Theory]
    [InlineData("0001 0000 0000")]
    [InlineData("0002 0000 0000 0000 0001")]
    [InlineData("0001 0000 0000 0000 2710")]
    [InlineData("0001 0000 1234 0000 0001")]
    [InlineData("0001 0000 0000 4000 0001")]
    [InlineData("FFFF 0000 0000 0000")]
    public void Bytes_that_are_no_numeric_are_a_typed_error(string hex)
    {
        using var target = new CopyTarget(
            new PostgresType(25, -1, "text"), new PostgresType(701, -1, "double precision"));
        var wire = Wire(hex);
        Assert.Throws<EtlException>(() => new NumericTextCodec().ReadBinary(wire, target.Appender[0], 0));
        Assert.Throws<EtlException>(() => new NumericDoubleCodec().ReadBinary(wire, target.Appender[1], 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e5")]
    [InlineData("+1")]
    [InlineData("1 ")]
    [InlineData("nan")]
    public void Text_that_is_no_numeric_is_a_typed_error(string text)
    {
        using var target = new CopyTarget(
            new PostgresType(25, -1, "text"), new PostgresType(701, -1, "double precision"));
        var wire = Encoding.ASCII.GetBytes(text);
        Assert.Throws<EtlException>(() => new NumericTextCodec().ReadText(wire, target.Appender[0], 0));
        Assert.Throws<EtlException>(() => new NumericDoubleCodec().ReadText(wire, target.Appender[1], 0));
    }

    [Theory]
    [InlineData("Text", "Text")]
    [InlineData(" DOUBLE ", "Double")]
    [InlineData("Decimal(38,10)", "Decimal(38,10)")]
    [InlineData("decimal ( 18 )", "Decimal(18,0)")]
    public void A_choice_is_read_as_it_is_written(string text, string expected) =>
        Assert.Equal(expected, UnboundedNumeric.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("Float")]
    [InlineData("Decimal")]
    [InlineData("Decimal(39,0)")]
    [InlineData("Decimal(0,0)")]
    [InlineData("Decimal(10,11)")]
    [InlineData("Decimal(10,-1)")]
    public void A_choice_that_DuckDB_has_no_type_for_is_refused(string text) =>
        Assert.Equal(
            EtlErrorCode.InvalidArgument, Assert.Throws<EtlException>(() => UnboundedNumeric.Parse(text)).Code);

    private static byte[] Wire(string hex) => CopyTarget.Pinned(Convert.FromHexString(hex.Replace(" ", "")));

    private static bool Holds(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (UnrepresentableValueException)
        {
            return false;
        }
    }

    private static string Expand(string number)
    {
        var exponent = int.Parse(
            number[(number.IndexOf('e') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        var sign = number.StartsWith('-') ? "-" : "";
        return exponent < 0 ? $"{sign}0.{new string('0', -exponent - 1)}1" : $"{sign}1{new string('0', exponent)}";
    }

    private async Task<NpgsqlConnection> SetUpAsync(string type)
    {
        var server = await servers.GetServerAsync();
        var connection = await server.OpenAsync("postgres", TestContext.Current.CancellationToken);
        await ExecuteAsync(connection,
            $"CREATE TEMPORARY TABLE t (id int GENERATED ALWAYS AS IDENTITY, v {type}); SET extra_float_digits = 3");
        var values = type == "numeric"
            ? s_values
            : s_values.Where(v => v != s_longest && v is not ("1e131071" or "Infinity" or "-Infinity"));
        if (type == "numeric(39,0)") values = values.Where(v => v.Length < 39);
        foreach (var value in values) await ExecuteAsync(connection, $"INSERT INTO t (v) VALUES ('{value}')");
        if (type == "numeric")
            await ExecuteAsync(
                connection,
                """
                INSERT INTO t (v) SELECT (CASE WHEN g % 2 = 0 THEN '-' ELSE '' END || (SELECT string_agg((random() * 9)::int::text, '')
                  FROM generate_series(1, g * 5 + 1 + 0 * g)) || CASE WHEN g % 3 = 0 THEN '' ELSE '.' || repeat((g % 10)::text, g * 3) || repeat('0', g % 7) END)::numeric
                FROM generate_series(1, 200) g
                """);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<List<string>> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var values = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) values.Add(reader.GetString(0));
        return values;
    }
}
