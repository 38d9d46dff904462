using System.Globalization;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// Values in a temporary table t, and what they are in DuckDB once the codec of their type has read them.
/// </summary>
internal sealed class TypeRoundTrip(NpgsqlConnection connection, TypeCase type) : IAsyncDisposable
{
    private CopyTarget? _target;

    /// <summary>Makes the table with these SQL expressions and NULL.</summary>
    public static async Task<TypeRoundTrip> BeginAsync(NpgsqlConnection connection, TypeCase type)
    {
        await CreateAsync(connection, type);
        var rows = type.Values.Append("NULL").Select(value => $"INSERT INTO t (v) VALUES ({value});");
        await connection.ExecuteAsync(string.Concat(rows), TestContext.Current.CancellationToken);
        return new TypeRoundTrip(connection, type);
    }

    /// <summary>Makes the table with texts that the type's input function reads.</summary>
    public static async Task<TypeRoundTrip> BeginAsync(NpgsqlConnection connection, TypeCase type, string[] texts)
    {
        await CreateAsync(connection, type);
        await connection.ExecuteAsync(
            $"INSERT INTO t (v) SELECT x::{type.PostgresType} FROM unnest($1) WITH ORDINALITY AS u (x, i) ORDER BY i",
            TestContext.Current.CancellationToken, (object)texts);
        return new TypeRoundTrip(connection, type);
    }

    /// <summary>Each value's canonical form at the source.</summary>
    public Task<List<string?>> ExpectedAsync() => connection.ReadAsync(
        $"SELECT {type.PostgresText} FROM t AS w ORDER BY id", r => r.GetText(0),
        TestContext.Current.CancellationToken);

    /// <summary>Each value's canonical form after COPY.</summary>
    public async Task<List<string?>> CopiedAsync()
    {
        var target = await BeginTargetAsync();
        Assert.Equal(type.DuckDbType, target.Codecs[1].DuckDbType);
        var bytes = await CopyTarget.CopyAsync(
            connection,
            $"SELECT {CopyStatement.Columns(target.Schema)} FROM (SELECT id AS c0, v AS c1 FROM t) AS t ORDER BY c0");
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        Assert.Equal(bytes.Length, decoder.Decode(bytes));
        Assert.True(decoder.IsComplete);
        return Read(target);
    }

    /// <summary>Each value's canonical form, read from what the output function writes.</summary>
    public async Task<List<string?>> ReadAsTextAsync()
    {
        var target = await BeginTargetAsync();
        // format's %s is what the type's output function writes; the reader is checked against it, never a cast.
        var wire = await connection.ReadAsync(
            "SELECT CASE WHEN v IS DISTINCT FROM NULL THEN textsend(format('%s', v)) END FROM t ORDER BY id",
            r => r.IsDBNull(0) ? null : r.GetFieldValue<byte[]>(0),
            TestContext.Current.CancellationToken);
        var pinned = wire.ConvertAll(text => text is null ? null : CopyTarget.Pinned(text));
        for (var (row, inChunk) = (0, 0); row < pinned.Count; row++)
        {
            target.Appender[0].Set(inChunk, row + 1);
            if (pinned[row] is { } text)
                target.Codecs[1].ReadText(text, target.Appender[1], inChunk);
            else
                target.Appender[1].SetNull(inChunk);
            if (++inChunk < target.Appender.RowCapacity && row + 1 < pinned.Count)
                continue;
            target.Appender.AppendChunk(inChunk);
            inChunk = 0;
        }

        return Read(target);
    }

    public ValueTask DisposeAsync()
    {
        _target?.Dispose();
        return connection.DisposeAsync();
    }

    private async Task<CopyTarget> BeginTargetAsync()
    {
        if (_target is null)
            _target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));
        else
            _target.Renew();
        return _target;
    }

    private static Task CreateAsync(NpgsqlConnection connection, TypeCase type) => connection.ExecuteAsync(
        string.Create(
            CultureInfo.InvariantCulture,
            $"CREATE TEMPORARY TABLE t (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v {type.PostgresType})"),
        TestContext.Current.CancellationToken);

    private List<string?> Read(CopyTarget target)
    {
        target.Commit();
        target.Execute("SET TimeZone = 'UTC'");
        return target.Query($"SELECT {type.DuckDbText} FROM (SELECT c0 AS id, c1 AS v FROM t) ORDER BY id")
            .ConvertAll(row => row[0]);
    }
}
