using System.Text;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

public sealed class TypeMatrixTests(TypeDatabase database) : IClassFixture<TypeDatabase>
{
    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Binary_values_arrive_as_the_server_has_them(string name)
    {
        var type = TypeMatrix.Find(name);
        await using var connection = await SetUpAsync(type);
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));
        Assert.Equal(type.DuckDbType, target.Codecs[1].DuckDbType);

        var bytes = await CopyTarget.CopyAsync(connection, $"SELECT {CopyStatement.Columns(target.Schema)} FROM (SELECT id AS c0, v AS c1 FROM t) AS t");
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        Assert.Equal(bytes.Length, decoder.Decode(bytes));
        Assert.True(decoder.IsComplete);
        target.Commit();

        Assert.Equal(await ExpectedAsync(connection, type), Actual(target, type));
    }

    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Text_values_arrive_as_the_server_has_them(string name)
    {
        var type = TypeMatrix.Find(name);
        await using var connection = await SetUpAsync(type);
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));

        // format's %s is what the type's output function writes; the reader is checked against it, never a cast.
        var wire = await connection.ReadAsync(
            "SELECT CASE WHEN v IS DISTINCT FROM NULL THEN textsend(format('%s', v)) END FROM t ORDER BY id",
            r => r.IsDBNull(0) ? null : r.GetFieldValue<byte[]>(0),
            TestContext.Current.CancellationToken);
        var pinned = wire.ConvertAll(text => text is null ? null : CopyTarget.Pinned(text));
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

        Assert.Equal(await ExpectedAsync(connection, type), Actual(target, type));
    }

    private async Task<NpgsqlConnection> SetUpAsync(TypeCase type)
    {
        var connection = await database.OpenAsync();
        var sql = new StringBuilder();
        sql.Append(null, $"CREATE TEMPORARY TABLE t (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v {type.PostgresType});");
        foreach (var value in (string[])[.. type.Values, "NULL"])
            sql.Append(null, $"INSERT INTO t (v) VALUES ({value});");
        await using var command = new NpgsqlCommand(sql.ToString(), connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static Task<List<string?>> ExpectedAsync(NpgsqlConnection connection, TypeCase type) => connection.ReadAsync(
        $"SELECT {type.PostgresText} FROM t AS w ORDER BY id", r => r.GetText(0), TestContext.Current.CancellationToken);

    private static List<string?> Actual(CopyTarget target, TypeCase type)
    {
        target.Execute("SET TimeZone = 'UTC'");
        return target.Query($"SELECT {type.DuckDbText} FROM (SELECT c0 AS id, c1 AS v FROM t) ORDER BY id").ConvertAll(row => row[0]);
    }
}
