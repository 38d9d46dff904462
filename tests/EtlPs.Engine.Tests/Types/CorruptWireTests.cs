using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Tests.Types;

public sealed class CorruptWireTests
{
    private const int NumericModifier = ((10 << 16) | 2) + 4;

    [Theory]
    [InlineData(16, "")]
    [InlineData(16, "02")]
    [InlineData(16, "0101")]
    [InlineData(21, "01")]
    [InlineData(21, "010203")]
    [InlineData(23, "010203")]
    [InlineData(20, "0102030405060708FF")]
    [InlineData(700, "")]
    [InlineData(701, "01020304")]
    [InlineData(1082, "0102")]
    [InlineData(1082, "7FFFFFFE")]
    [InlineData(1083, "FFFFFFFFFFFFFFFF")]
    [InlineData(1083, "000000141DD76001")]
    [InlineData(1114, "01020304")]
    [InlineData(1184, "")]
    [InlineData(2950, "0102030405060708090A0B0C0D0E0F")]
    [InlineData(3802, "")]
    [InlineData(3802, "01")]
    [InlineData(3802, "027B7D")]
    [InlineData(1700, "")]
    [InlineData(1700, "0001000000000000")]
    [InlineData(1700, "00000000000000000001")]
    [InlineData(1700, "00000000123400000000")]
    [InlineData(1700, "0000000012340000")]
    [InlineData(1700, "0001000000000000FFFF")]
    [InlineData(1700, "00010000000000002710")]
    [InlineData(1700, "FFFF000000000000")]
    [InlineData(1007, "")]
    [InlineData(1007, "000000000000000000000014")]
    [InlineData(1007, "00000000000000000000001700")]
    [InlineData(1007, "FFFFFFFF0000000000000017")]
    [InlineData(1007, "7FFFFFFF0000000000000017")]
    [InlineData(1007, "000000010000000000000017")]
    [InlineData(1007, "0000000100000000000000177FFFFFFF00000001")]
    [InlineData(1007, "000000010000000000000017FFFFFFFF00000001")]
    [InlineData(1007, "000000010000000000000017000000010000000100000004")]
    [InlineData(1007, "000000010000000000000017000000010000000100000004010203")]
    [InlineData(1007, "0000000100000000000000170000000100000001000000020102")]
    [InlineData(1007, "00000001000000000000001700000001000000010000000401020304FF")]
    [InlineData(1007, "0000000100000000000000170000000100000001FFFFFFFE")]
    [InlineData(1007, "00000001000000000000001700000002000000010000000401020304")]
    public void Binary_that_is_no_value_of_its_type_is_a_protocol_violation(uint oid, string hex) =>
        AssertViolation(oid, target =>
            target.Codecs[0].ReadBinary(CopyTarget.Pinned(Convert.FromHexString(hex)), target.Appender[0], 0));

    [Theory]
    [InlineData(16, "")]
    [InlineData(16, "true")]
    [InlineData(21, "32768")]
    [InlineData(23, "")]
    [InlineData(23, "1x")]
    [InlineData(23, "2147483648")]
    [InlineData(20, " 1")]
    [InlineData(700, "")]
    [InlineData(701, "1,5")]
    [InlineData(701, "abc")]
    [InlineData(17, "")]
    [InlineData(17, "\\")]
    [InlineData(17, "\\x0")]
    [InlineData(17, "\\x0g")]
    [InlineData(17, "abc\\000")]
    [InlineData(1082, "")]
    [InlineData(1082, "2024-02-30")]
    [InlineData(1082, "2023-02-29")]
    [InlineData(1082, "2024-13-01")]
    [InlineData(1082, "2024-00-01")]
    [InlineData(1082, "0000-01-01")]
    [InlineData(1082, "24-01-01")]
    [InlineData(1082, "2024-01-01 AD")]
    [InlineData(1082, "01/02/2024")]
    [InlineData(1083, "24:00:00.000001")]
    [InlineData(1083, "12:60:00")]
    [InlineData(1083, "12:00")]
    [InlineData(1083, "12:00:00.")]
    [InlineData(1083, "12:00:00.1234567")]
    [InlineData(1114, "2024-01-01")]
    [InlineData(1114, "2024-01-01T00:00:00")]
    [InlineData(1114, "2024-01-01 00:00:00+00")]
    [InlineData(1184, "2024-01-01 00:00:00")]
    [InlineData(1184, "2024-01-01 00:00:00+0")]
    [InlineData(2950, "01234567-89ab-cdef-0123-456789abcde")]
    [InlineData(2950, "01234567-89ab-cdef-0123-456789abcdeg")]
    [InlineData(2950, "0123456789ab-cdef-0123-456789abcdef00")]
    [InlineData(2950, "01234567089ab-cdef-0123-456789abcdef")]
    [InlineData(1700, "")]
    [InlineData(1700, "-")]
    [InlineData(1700, "--1")]
    [InlineData(1700, "1.")]
    [InlineData(1700, ".5")]
    [InlineData(1700, "1.2.3")]
    [InlineData(1700, "1e5")]
    [InlineData(1007, "")]
    [InlineData(1007, "{")]
    [InlineData(1007, "}")]
    [InlineData(1007, "1")]
    [InlineData(1007, "{1")]
    [InlineData(1007, "{1,")]
    [InlineData(1007, "{1,}")]
    [InlineData(1007, "{,1}")]
    [InlineData(1007, "{1}x")]
    [InlineData(1007, "{}x")]
    [InlineData(1007, "{\"1}")]
    [InlineData(1007, "{\"1\\\"}")]
    [InlineData(1007, "{\"1\"2}")]
    [InlineData(1007, "{1\\2}")]
    [InlineData(1007, "{x}")]
    public void Text_that_is_no_value_of_its_type_is_a_protocol_violation(uint oid, string text) =>
        AssertViolation(oid, target =>
            target.Codecs[0].ReadText(CopyTarget.Pinned(Encoding.UTF8.GetBytes(text)), target.Appender[0], 0));

    [Theory]
    [InlineData("2024-01-01 00:30:00+01", "2023-12-31 23:30:00+00")]
    [InlineData("2024-01-01 00:00:00-02:30:10", "2024-01-01 02:30:10+00")]
    public void An_offset_from_utc_is_reckoned_in(string text, string expected)
    {
        using var target = new CopyTarget(new PostgresType(1184, -1, "timestamptz"));
        target.Codecs[0].ReadText(CopyTarget.Pinned(Encoding.UTF8.GetBytes(text)), target.Appender[0], 0);
        target.Appender.AppendChunk(1);
        target.Commit();
        Assert.Equal("true", target.Scalar($"SELECT (c0 = TIMESTAMPTZ '{expected}')::VARCHAR FROM t"));
    }

    private static void AssertViolation(uint oid, Action<CopyTarget> read)
    {
        using var target = new CopyTarget(new PostgresType(oid, oid == 1700 ? NumericModifier : -1, "type"));
        var error = Assert.Throws<EtlException>(() => read(target));
        Assert.Equal(EtlErrorCode.ProtocolViolation, error.Code);
    }
}
