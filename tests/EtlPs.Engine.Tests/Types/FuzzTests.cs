using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Types;
using EtlPs.Engine.Tests.Differential;
using EtlPs.Engine.Tests.Postgres;
using EtlPs.Engine.Tests.Types.Values;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// Bytes that were cut off or corrupted: a typed error, or a value; never another exception, an endless loop or memory
/// out of all proportion.
/// </summary>
public sealed class FuzzTests(TypeDatabase database) : IClassFixture<TypeDatabase>
{
    // Send functions of arrays and the like are not to be called without knowing the type; a row's knows it.
    private const string BinaryForm = "substring(record_send(ROW(v)) FROM 13)";

    private const string Memory = "SELECT sum(memory_usage_bytes)::VARCHAR FROM duckdb_memory()";

    private const int SuiteCount = 100;
    private const long MostBytesPerCase = 1 << 20;

    // There is room for as many elements of lists as for rows at first; one value is to need no more than twice as
    // much.
    private const int MostGrowth = 2;
    private const long MostStoredBytes = 8 << 20;
    private const long MostStoredBytesPerByte = 16;

    private static int Count => RandomValueTests.Count(SuiteCount);

    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Corrupted_values_are_refused_or_read_and_nothing_else(string name)
    {
        await using var connection = await database.OpenAsync();
        var random = new SplitMix(RandomValueTests.Seed());
        var texts = new RandomText(random);
        string[] values = [.. Enumerable.Range(0, 20).Select(_ => texts.Of(name))];
        await connection.ExecuteAsync($"CREATE TEMPORARY TABLE t (v {name})", TestContext.Current.CancellationToken);
        using var target = new CopyTarget(await CopyTarget.DescribeAsync(connection, "t"));
        var codec = target.Codecs[0];
        var inText = await SendAsync(connection, name, "textsend(format('%s', v))", values);
        var inBinary = codec.ReadsBinary ? await SendAsync(connection, name, BinaryForm, values) : [];

        var reserved = target.Appender[0].ReservedBytes;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var count = Count;
        var fed = 0L;
        for (var i = 0; i < count; i++)
        {
            Try(target, wire => codec.ReadText(wire, target.Appender[0], 0), OneOf(inText));
            if (codec.ReadsBinary)
                Try(target, wire => codec.ReadBinary(wire, target.Appender[0], 0), OneOf(inBinary));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytesPerCase * count);
        // The vectors' memory, which neither .NET nor DuckDB's own figures know of.
        Assert.InRange(target.Appender[0].ReservedBytes, 0, MostGrowth * reserved);
        target.Commit();
        Assert.True(target.Query("SELECT count(*) FROM t WHERE c0::VARCHAR IS NOT NULL").Count == 1);
        // What the database keeps of the rows: its own and nobody else's, also while other tests run.
        Assert.InRange(long.Parse(target.Scalar(Memory)!, null), 0, MostStoredBytes + (MostStoredBytesPerByte * fed));

        byte[] OneOf(List<byte[]> samples)
        {
            var corrupted = Corrupted(random.Pick(samples), random);
            fed += corrupted.Length;
            return corrupted;
        }
    }

    [Fact]
    public async Task A_corrupted_copy_is_refused_or_read_and_nothing_else()
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "CREATE TEMPORARY TABLE t AS SELECT i, 'text ' || i AS x, i::numeric(10,2) AS n, ARRAY[i, NULL] AS a, "
            + "ROW(i, 'x', 1)::pair AS p FROM generate_series(1, 50) AS i",
            TestContext.Current.CancellationToken);
        var bytes = await CopyTarget.CopyAsync(connection, "TABLE t");
        var types = await CopyTarget.DescribeAsync(connection, "t");
        var random = new SplitMix(RandomValueTests.Seed());
        for (var i = 0; i < Count; i++)
        {
            using var target = new CopyTarget(types);
            var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
            var corrupted = CopyTarget.Pinned(Corrupted(bytes, random));
            try
            {
                Assert.InRange(decoder.Decode(corrupted), 0, corrupted.Length);
            }
            catch (Exception e)
                when (e is EtlException { Code: EtlErrorCode.ProtocolViolation } or UnrepresentableFieldException)
            {
                continue;
            }
        }
    }

    [Fact]
    public void A_corrupted_message_of_the_stream_is_refused_or_read_and_nothing_else()
    {
        byte[][] messages =
        [
            new PgOutputBytes('R').Int32(1).String("public").String("t").Byte('d').Int16(2)
                .Byte(1).String("id").Int32(23).Int32(-1).Byte(0).String("v").Int32(25).Int32(-1).ToArray(),
            new PgOutputBytes('I').Int32(1).Byte('N').Int16(2).Value(PgOutputBytes.TupleKind.Binary, "abcd").Byte('n')
            .ToArray(),
            new PgOutputBytes('U').Int32(1).Byte('K').Int16(2).Value(PgOutputBytes.TupleKind.Text, "1").Byte('n')
                .Byte('N').Int16(2).Value(PgOutputBytes.TupleKind.Text, "2").Byte('u').ToArray(),
            new PgOutputBytes('D').Int32(1).Byte('O').Int16(2).Value(PgOutputBytes.TupleKind.Text, "1").Byte('n')
            .ToArray(),
            new PgOutputBytes('B').Int64(1).Int64(2).Int32(3).ToArray(),
            new PgOutputBytes('C').Byte(0).Int64(1).Int64(2).Int64(3).ToArray(),
            new PgOutputBytes('T').Int32(2).Byte(0).Int32(1).Int32(2).ToArray(),
            new PgOutputBytes('S').Int32(1).Byte(1).ToArray(),
            new PgOutputBytes('c').Int32(1).Byte(0).Int64(1).Int64(2).Int64(3).ToArray(),
            new PgOutputBytes('A').Int32(1).Int32(2).ToArray(),
        ];
        var random = new SplitMix(RandomValueTests.Seed());
        var (old, fields) = (new TupleFields(2), new TupleFields(2));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 60 * Count; i++)
        {
            var message = Corrupted(random.Pick(messages), random);
            try
            {
                Read(message, old, fields);
            }
            catch (EtlException e)
            {
                Assert.Equal(EtlErrorCode.ProtocolViolation, e.Code);
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 60L * Count * 16 * 1024);
    }

    private static void Read(byte[] message, TupleFields old, TupleFields fields)
    {
        switch ((char)(message.Length == 0 ? 0 : message[0]))
        {
            case 'R': RelationMessage.Read(message); break;
            case 'I' or 'U' or 'D': RowMessage.Read(new ByteSlice(message, 0, message.Length), old, fields); break;
            case 'B': BeginMessage.Read(message); break;
            case 'C': CommitMessage.Read(message); break;
            case 'T': TruncateMessage.Read(message); break;
            case 'S': StreamStartMessage.Read(message); break;
            case 'c': StreamCommitMessage.Read(message); break;
            case 'A': StreamAbortMessage.Read(message); break;
        }
    }

    private static Task<List<byte[]>> SendAsync(
        NpgsqlConnection connection, string type, string form, string[] values) =>
        connection.ReadAsync(
            $"SELECT {form} FROM (SELECT x::{type} AS v FROM unnest($1) AS u (x)) AS w",
            r => r.GetFieldValue<byte[]>(0),
            TestContext.Current.CancellationToken,
            (object)values);

    private static void Try(CopyTarget target, Action<byte[]> read, byte[] wire)
    {
        var pinned = CopyTarget.Pinned(wire);
        try
        {
            read(pinned);
        }
        catch (Exception e)
            when (e is EtlException { Code: EtlErrorCode.ProtocolViolation } or UnrepresentableValueException)
        {
            // What was begun of the value is left behind, as where a user chose NULL in its place.
            target.Appender[0].SetNull(0);
        }

        target.Appender.AppendChunk(1);
    }

    private static byte[] Corrupted(byte[] bytes, SplitMix random)
    {
        if (random.Percent(20))
            return bytes[..random.Below(bytes.Length + 1)];
        var corrupted = bytes.ToList();
        for (var changes = random.Between(1, 4); changes > 0; changes--)
        {
            var at = random.Below(corrupted.Count + 1);
            switch (random.Below(3))
            {
                case 0 when at < corrupted.Count: corrupted[at] =
                    (byte)random.Pick([random.Below(256), 0, 0x7F, 0x80, 0xFF]); break;
                case 1 when at < corrupted.Count: corrupted.RemoveAt(at); break;
                default: corrupted.Insert(at, (byte)random.Below(256)); break;
            }
        }

        return [.. corrupted];
    }
}
