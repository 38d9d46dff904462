using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Replication.Streaming;
using EtlPs.Engine.Tests.DuckDb;
using EtlPs.Testing.Waiting;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class TransactionAssemblerTests
{
    [Fact]
    public async Task A_streamed_transaction_becomes_one_that_came_whole()
    {
        Assert.Equal(
            "B R(a) I(1) I(3) C",
            await ReadAsync(Start(7), Relation(7, "a"), Row(7, 1), Row(8, 2), Stop(), Abort(7, 8), Start(7, false),
                Row(7, 3), Stop(), Commit(7)));
    }

    [Fact]
    public async Task Transactions_come_in_the_order_of_their_commits()
    {
        Assert.Equal(
            "B R(a) I(2) C B I(9) C B R(a) I(1) C",
            await ReadAsync(
                Start(7), Relation(7, "a"), Row(7, 1), Stop(), Start(8), Relation(8, "a"), Row(8, 2), Stop(),
                Start(9), Row(9, 5), Stop(), Commit(8), Abort(9, 9), Begin(), WholeRow(9), WholeCommit(), Commit(7)));
    }

    [Fact]
    public async Task A_replay_does_not_leave_an_older_relation_than_was_known()
    {
        Assert.Equal(
            "R(b) B I(2) C B R(a) I(1) R(b) C",
            await ReadAsync(
                Start(7), Relation(7, "a"), Row(7, 1), Stop(), WholeRelation("b"), Begin(), WholeRow(2), WholeCommit(),
                Commit(7)));
        Assert.Equal(
            "B R(b) C B R(a) R(b) C",
            await ReadAsync(
                Start(7), Relation(7, "a"), Stop(), Start(8), Relation(8, "b"), Stop(), Commit(8), Commit(7)));
        Assert.Equal(
            "R(a) B R(b) C",
            await ReadAsync(
                WholeRelation("a"), Start(7), Relation(7, "b"), Relation(8, "c"), Stop(), Abort(7, 8), Commit(7)));
    }

    [Fact]
    public async Task Begin_and_commit_tell_what_the_streamed_commit_told()
    {
        await using var assembler = Assemble(Start(7), Stop(), Commit(7));
        Assert.True(await assembler.MoveNextAsync());
        var begin = BeginMessage.Read(assembler.Message.Span);
        Assert.Equal((new Lsn(1000), 7u), (begin.FinalLsn, begin.Xid));
        Assert.True(await assembler.MoveNextAsync());
        var commit = CommitMessage.Read(assembler.Message.Span);
        Assert.Equal(
            (new Lsn(1000), new Lsn(1040), begin.CommitTime), (commit.CommitLsn, commit.EndLsn, commit.CommitTime));
        Assert.False(await assembler.MoveNextAsync());
    }

    [Fact]
    public async Task What_does_not_fit_the_protocol_is_refused()
    {
        await AssertViolationAsync(Commit(7));
        await AssertViolationAsync(Start(7, false));
        await AssertViolationAsync(Start(7), Stop(), Start(7));
        await AssertViolationAsync(Start(7), Start(8));
        await AssertViolationAsync(Start(7), Begin());
        await AssertViolationAsync(Start(7), Commit(7));
        await AssertViolationAsync(Start(7), [(byte)'I', 0, 0]);
        await AssertViolationAsync(Start(7), []);
        await AssertViolationAsync(Stop());
    }

    [Fact]
    public async Task While_a_transaction_is_open_a_position_counts_only_when_the_wait_goes_on()
    {
        var server = new ScriptedChannel(
            [Begin(), WholeCommit(), Start(7), Stop(), Begin(), Start(8), Stop(), Begin()]) { Idle = new Lsn(5000) };
        using var folder = new TemporaryFolder();
        await using var assembler = new TransactionAssembler(
            server, new SpoolFolder(folder["spool"]), new NoFaults(), CancellationToken.None);
        Assert.True(assembler.TryGetIdlePosition(out _));
        for (var i = 0; i < 3; i++) Assert.True(await assembler.MoveNextAsync());
        Assert.False(assembler.TryGetIdlePosition(out _));
        Assert.True(await assembler.MoveNextAsync());
        Assert.False(assembler.TryGetIdlePosition(out _));
        await Eventually.IsTrueAsync(
            () => Task.FromResult(assembler.TryGetIdlePosition(out _)),
            cancellationToken: TestContext.Current.CancellationToken);
        server.Idle = new Lsn(6000);
        Assert.False(assembler.TryGetIdlePosition(out _));
    }

    private static TransactionAssembler Assemble(params byte[][] messages) => new(
        new ScriptedChannel(messages), new SpoolFolder("/nowhere"), new NoFaults(), CancellationToken.None);

    private static async Task<string> ReadAsync(params byte[][] messages)
    {
        await using var assembler = Assemble(messages);
        var read = new List<string>();
        while (await assembler.MoveNextAsync()) read.Add(Describe(assembler.Message.Span));
        return string.Join(' ', read);
    }

    private static async Task AssertViolationAsync(params byte[][] messages) => Assert.Equal(
        EtlErrorCode.ProtocolViolation, (await Assert.ThrowsAsync<EtlException>(() => ReadAsync(messages))).Code);

    private static string Describe(ReadOnlySpan<byte> message) => (char)message[0] switch
    {
        'R' => $"R({RelationMessage.Read(message).Name.Name})",
        'I' => $"I({Encoding.ASCII.GetString(message[^1..])})",
        var kind => $"{kind}",
    };

    private static byte[] Start(int xid, bool first = true) =>
        new PgOutputBytes('S').Int32(xid).Byte((byte)(first ? 1 : 0)).ToArray();

    private static byte[] Stop() => new PgOutputBytes('E').ToArray();

    private static byte[] Abort(int xid, int subXid) => new PgOutputBytes('A').Int32(xid).Int32(subXid).ToArray();

    private static byte[] Commit(int xid) =>
        new PgOutputBytes('c').Int32(xid).Byte(0).Int64(1000).Int64(1040).Int64(1_000_000).ToArray();

    private static byte[] Begin() => new PgOutputBytes('B').Int64(900).Int64(1).Int32(5).ToArray();

    private static byte[] WholeCommit() => new PgOutputBytes('C').Byte(0).Int64(900).Int64(940).Int64(1).ToArray();

    private static byte[] Relation(int xid, string name) => Describe(new PgOutputBytes('R').Int32(xid), name);

    private static byte[] WholeRelation(string name) => Describe(new PgOutputBytes('R'), name);

    private static byte[] Describe(PgOutputBytes bytes, string name) =>
        bytes.Int32(16400).String("public").String(name).Byte('d').Int16(0).ToArray();

    private static byte[] Row(int xid, int value) => Describe(new PgOutputBytes('I').Int32(xid), value);

    private static byte[] WholeRow(int value) => Describe(new PgOutputBytes('I'), value);

    private static byte[] Describe(PgOutputBytes bytes, int value) =>
        bytes.Int32(16400).Byte('N').Int16(1).Value(PgOutputBytes.TupleKind.Text, $"{value}").ToArray();
}
