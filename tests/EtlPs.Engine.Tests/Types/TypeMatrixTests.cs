using System.Text;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

public sealed class TypeMatrixTests(ServerPool servers)
{
    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Binary_values_arrive_as_the_server_has_them(string name)
    {
        var type = TypeMatrix.Find(name);
        await using var connection = await SetUpAsync(type);
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));
        Assert.Equal(type.DuckDbType, target.Codecs[1].DuckDbType);

        var bytes = await CopyTarget.CopyAsync(connection, "TABLE t");
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        Assert.Equal(bytes.Length, decoder.Decode(bytes));
        Assert.True(decoder.IsComplete);
        target.Commit();

        Assert.Equal(await ExpectedAsync(connection, type), Actual(target, type, await ExpectedAsync(connection, type)));
    }

    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Text_values_arrive_as_the_server_has_them(string name)
    {
        var type = TypeMatrix.Find(name);
        await using var connection = await SetUpAsync(type);
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));

        // format's %s is what the type's output function writes; the reader is checked against it, never a cast.
        var wire = await ReadAsync(connection, "SELECT CASE WHEN v IS NOT NULL THEN format('%s', v) END FROM t ORDER BY id");
        var pinned = wire.ConvertAll(text => text is null ? null : CopyTarget.Pinned(Encoding.UTF8.GetBytes(text)));
        for (var row = 0; row < pinned.Count; row++)
        {
            target.Appender[0].Set(row, row + 1);
            if (pinned[row] is { } text)
                target.Codecs[1].ReadText(text, target.Appender[1], row);
            else
                target.Appender[1].SetNull(row);
        }

        target.Appender.AppendChunk(pinned.Count);
        target.Commit();

        Assert.Equal(await ExpectedAsync(connection, type), Actual(target, type, await ExpectedAsync(connection, type)));
    }

    private async Task<NpgsqlConnection> SetUpAsync(TypeCase type)
    {
        var server = await servers.GetServerAsync();
        var connection = await server.OpenAsync("postgres", TestContext.Current.CancellationToken);
        var sql = new StringBuilder(
            "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex'; SET extra_float_digits = 3;");
        sql.Append(null, $"CREATE TEMPORARY TABLE t (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v {type.PostgresType});");
        foreach (var value in (string[])[.. type.Values, "NULL"])
            sql.Append(null, $"INSERT INTO t (v) VALUES ({value});");
        await using var command = new NpgsqlCommand(sql.ToString(), connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static Task<List<string?>> ExpectedAsync(NpgsqlConnection connection, TypeCase type) =>
        ReadAsync(connection, $"SELECT {type.PostgresText} FROM t ORDER BY id");

    private static List<string?> Actual(CopyTarget target, TypeCase type, List<string?> expected)
    {
        target.Execute("CREATE OR REPLACE TABLE expected (id INTEGER, p VARCHAR); SET TimeZone = 'UTC'");
        for (var i = 0; i < expected.Count; i++)
            if (expected[i] is { Length: < 1000 } text)
                target.Execute($"INSERT INTO expected VALUES ({i + 1}, '{text.Replace("'", "''")}')");
        return target.Query(
            $"SELECT {type.DuckDbText} FROM (SELECT c0 AS id, c1 AS v FROM t) LEFT JOIN expected USING (id) ORDER BY id")
            .ConvertAll(row => row[0]);
    }

    private static async Task<List<string?>> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string?>();
        while (await reader.ReadAsync())
            values.Add(reader.IsDBNull(0) ? null : reader.GetString(0));
        return values;
    }
}
