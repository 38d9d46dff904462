using System.Buffers.Binary;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Wire;

namespace EtlPs.Engine.Tests.Wire;

/// <summary>The framing alone, over bytes that arrive in pieces of every size.</summary>
public sealed class WireInputTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1 << 20)]
    public void Copy_data_are_the_same_however_they_are_cut_into_reads(int piece)
    {
        byte[][] rows = [Bytes(3), [], Bytes(5000), Bytes(1), Bytes(400_000), Bytes(17)];
        var input = Input(piece, [.. rows.SelectMany(row => Frame('d', row)), .. Frame('c', [])]);

        Assert.Equal(rows.SelectMany(row => row), TakeAll(input, 999));
        Assert.Equal(BackendMessageType.CopyDone, input.ReadMessage().Type);
    }

    [Fact]
    public void Messages_before_and_behind_copy_data_are_read_whole()
    {
        var input = Input(3, [.. Frame('H', Bytes(3)), .. Frame('d', Bytes(10)), .. Frame('E', Bytes(300_000))]);

        Assert.Equal(3, input.ReadMessage().Body.Length);
        Assert.Equal(10, TakeAll(input, 64).Count);
        Assert.Equal(Bytes(300_000), input.ReadMessage().Body.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1 << 20)]
    public void What_the_server_may_say_at_any_time_is_passed_over_between_copy_data(int piece)
    {
        var input = Input(piece, [
            .. Frame('d', Bytes(3)), .. Frame('N', Bytes(300_000)), .. Frame('d', Bytes(10)), .. Frame('S', Bytes(20)),
            .. Frame('A', []),
            .. Frame('d', Bytes(5)), .. Frame('N', Bytes(9)), .. Frame('c', []),
        ]);

        Assert.Equal([.. Bytes(3), .. Bytes(10), .. Bytes(5)], TakeAll(input, 64));
        Assert.Equal(BackendMessageType.CopyDone, input.ReadMessage().Type);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_length_that_cannot_be_is_a_violation(int length)
    {
        var header = new byte[5];
        header[0] = (byte)'d';
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), length);

        Assert.Equal(
            EtlErrorCode.ProtocolViolation, Assert.Throws<EtlException>(() => TakeAll(Input(5, header), 64)).Code);
        header[0] = (byte)'T';
        Assert.Equal(
            EtlErrorCode.ProtocolViolation, Assert.Throws<EtlException>(() => Input(5, header).ReadMessage()).Code);
    }

    [Fact]
    public void A_message_longer_than_any_is_refused_and_not_waited_for() =>
        Assert.Equal(
            EtlErrorCode.ProtocolViolation,
            Assert.Throws<EtlException>(() => Input(5, "HTTP/1.1 400 Bad Request\r\n"u8.ToArray()).ReadMessage()).Code);

    [Fact]
    public void Bytes_that_end_within_a_message_end_the_reading()
    {
        var whole = Frame('d', Bytes(100));
        for (var length = 0; length < whole.Length; length++)
            Assert.ThrowsAny<IOException>(() => TakeAll(Input(9, whole[..length]), 64));
    }

    [Fact]
    public void Torn_rows_and_reports_are_violations()
    {
        var row = new byte[] { 0, 2, 0, 0, 0, 1, (byte)'a', 0xFF, 0xFF, 0xFF, 0xFF };
        Assert.Equal(["a", null], DataRow.Read(row));
        for (var length = 0; length < row.Length; length++)
            Assert.Equal(
                EtlErrorCode.ProtocolViolation,
                Assert.Throws<EtlException>(() => DataRow.Read(row.AsSpan(0, length))).Code);
        Assert.Equal(
            EtlErrorCode.ProtocolViolation, Assert.Throws<EtlException>(() => ServerReport.Read("SERROR"u8)).Code);
    }

    private static List<byte> TakeAll(WireInput input, int size)
    {
        var all = new List<byte>();
        var target = new byte[size];
        while (true)
        {
            var taken = input.TakeCopyData(target, out var isOver);
            all.AddRange(target.AsSpan(0, taken));
            if (isOver)
                return all;
            if (taken < size)
                input.Receive();
        }
    }

    private static WireInput Input(int piece, byte[] bytes) => new(new PieceStream(bytes, piece));

    private static byte[] Frame(char type, byte[] body)
    {
        var frame = new byte[5 + body.Length];
        frame[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), body.Length + 4);
        body.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 31))];
}
