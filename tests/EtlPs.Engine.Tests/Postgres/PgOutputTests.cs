using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using Xunit;
using static EtlPs.Engine.Tests.Postgres.PgOutputBytes;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class PgOutputTests
{
    private static readonly byte[] Begin = new PgOutputBytes('B').Int64(0x16_B374D848).Int64(1_000_000).Int32(771)
        .ToArray();

    private static readonly byte[] Commit =
        new PgOutputBytes('C').Byte(0).Int64(0x100).Int64(0x130).Int64(-1_000_000).ToArray();

    private static readonly byte[] Relation = new PgOutputBytes('R')
        .Int32(unchecked((int)3_000_000_000)).String("Größe").String("a\"b").Byte('i').Int16(2)
        .Byte(1).String("id").Int32(20).Int32(-1)
        .Byte(0).String("preis").Int32(1700).Int32(655366)
        .ToArray();

    private static readonly byte[] Update = new PgOutputBytes('U').Int32(16384)
        .Byte('K').Int16(3).Value(TupleKind.Binary, "k").Byte('n').Byte('n')
        .Byte('N').Int16(3).Value(TupleKind.Binary, "kk").Byte('u').Value(TupleKind.Text, "")
        .ToArray();

    private static readonly byte[] Insert =
        new PgOutputBytes('I').Int32(16384).Byte('N').Int16(2).Value(TupleKind.Text, "x").Byte('n').ToArray();

    private static readonly byte[] Delete =
        new PgOutputBytes('D').Int32(16384).Byte('O').Int16(1).Value(TupleKind.Text, "x").ToArray();

    private static readonly byte[] Truncate = new PgOutputBytes('T').Int32(2).Byte(3).Int32(7).Int32(8).ToArray();

    public static TheoryData<string> Messages =>
        ["Begin", "Commit", "Relation", "Update", "Insert", "Delete", "Truncate"];

    [Fact]
    public void Begin_is_read()
    {
        var begin = BeginMessage.Read(Begin);

        Assert.Equal(Lsn.Parse("16/B374D848"), begin.FinalLsn);
        Assert.Equal(new DateTimeOffset(2000, 1, 1, 0, 0, 1, TimeSpan.Zero), begin.CommitTime);
        Assert.Equal(771u, begin.Xid);
    }

    [Fact]
    public void Commit_is_read_with_both_positions()
    {
        var commit = CommitMessage.Read(Commit);

        Assert.Equal(new Lsn(0x100), commit.CommitLsn);
        Assert.Equal(new Lsn(0x130), commit.EndLsn);
        Assert.Equal(new DateTimeOffset(1999, 12, 31, 23, 59, 59, TimeSpan.Zero), commit.CommitTime);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_commit_time_beyond_the_calendar_is_clamped(long microseconds)
    {
        var commit = CommitMessage.Read(new PgOutputBytes('C').Byte(0).Int64(1).Int64(2).Int64(microseconds).ToArray());

        Assert.Equal(microseconds > 0 ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue, commit.CommitTime);
    }

    [Fact]
    public void Relation_is_read_with_odd_names_and_a_large_oid()
    {
        var relation = RelationMessage.Read(Relation);

        Assert.Equal(3_000_000_000, relation.RelationId);
        Assert.Equal(new TableName("Größe", "a\"b"), relation.Name);
        Assert.Equal('i', relation.ReplicaIdentity);
        Assert.Equal(
            [new RelationColumn(true, "id", 20, -1), new RelationColumn(false, "preis", 1700, 655366)],
                relation.Columns);
    }

    [Fact]
    public void An_update_gives_old_key_and_new_row()
    {
        var row = ReadRow(Update, 3);

        Assert.Equal(PgOutputKind.Update, row.Kind);
        Assert.Equal(OldTuple.Key, row.OldKind);
        Assert.Equal("b:k n: n:", Describe(row.Old));
        Assert.Equal("b:kk u: t:", Describe(row.New));
    }

    [Fact]
    public void An_insert_has_no_old_row()
    {
        var row = ReadRow(Insert, 2);

        Assert.Equal(OldTuple.None, row.OldKind);
        Assert.False(row.Old.IsPresent);
        Assert.Equal("t:x n:", Describe(row.New));
    }

    [Fact]
    public void A_delete_has_no_new_row()
    {
        var row = ReadRow(Delete, 1);

        Assert.Equal(OldTuple.Full, row.OldKind);
        Assert.Equal("t:x", Describe(row.Old));
        Assert.False(row.New.IsPresent);
    }

    [Fact]
    public void A_truncate_names_all_its_tables()
    {
        var truncate = TruncateMessage.Read(Truncate);

        Assert.Equal([7u, 8u], truncate.RelationIds);
        Assert.True(truncate.Cascade);
        Assert.True(truncate.RestartIdentity);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_cut_at_any_length_is_a_protocol_violation(string message)
    {
        var whole = Bytes(message);

        for (var length = 0; length < whole.Length; length++)
            AssertViolation(whole[..length]);
        AssertViolation([.. whole, 0]);
        Read(whole);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_with_any_byte_changed_is_read_or_refused_and_never_overruns(string message)
    {
        var whole = Bytes(message);

        for (var i = 1; i < whole.Length; i++)
        {
            foreach (var value in (byte[])[0x00, 0x7F, 0x80, 0xFF])
            {
                var changed = whole.ToArray();
                changed[i] = value;
                try
                {
                    Read(changed);
                }
                catch (EtlException e)
                {
                    Assert.Equal(EtlErrorCode.ProtocolViolation, e.Code);
                }
            }
        }
    }

    private static byte[] Bytes(string message) => message switch
    {
        nameof(Begin) => Begin,
        nameof(Commit) => Commit,
        nameof(Relation) => Relation,
        nameof(Update) => Update,
        nameof(Insert) => Insert,
        nameof(Delete) => Delete,
        _ => Truncate,
    };

    private static void AssertViolation(byte[] message)
    {
        // An empty message has no kind: any reader refuses it.
        var error = Assert.Throws<EtlException>(() => Read(message));
        Assert.Equal(EtlErrorCode.ProtocolViolation, error.Code);
    }

    private static void Read(byte[] message)
    {
        switch (message.Length == 0 ? 'B' : (char)message[0])
        {
            case 'B': BeginMessage.Read(message); break;
            case 'C': CommitMessage.Read(message); break;
            case 'R': RelationMessage.Read(message); break;
            case 'T': TruncateMessage.Read(message); break;
            default:
                var row = ReadRow(message, (char)message[0] switch { 'U' => 3, 'I' => 2, _ => 1 });
                Describe(row.Old);
                Describe(row.New);
                break;
        }
    }

    private static RowMessage ReadRow(byte[] message, int columns) =>
        RowMessage.Read(new ByteSlice(message, 0, message.Length), new TupleFields(columns), new TupleFields(columns));

    private static string Describe(RowTuple tuple) =>
        !tuple.IsPresent ? "" : string.Join(' ', Enumerable.Range(0, tuple.Fields.Count)
        .Select(i => $"{(char)tuple.Kind(i)}:{System.Text.Encoding.Latin1.GetString(tuple.Value(i))}"));
}
