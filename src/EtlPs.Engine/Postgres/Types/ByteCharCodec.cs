using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// "char", any single byte: kept as the text that Postgres 16 and later have for it, which is empty for a zero and
/// <c>\377</c> for a byte above ASCII. Servers before send such a byte as it is, and in text from a database in another
/// encoding than UTF-8 as the letter that it is there, which does not tell the byte.
/// </summary>
internal sealed class ByteCharCodec : FormattedCodec
{
    private const int EscapeLength = 4;

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length > 1 && wire[0] >= 0x80)
            throw new UnrepresentableValueException("a \"char\" beyond ASCII that the server has converted");
        if (wire.Length == 1)
            ReadBinary(wire, vector, row);
        else
            base.ReadText(wire, vector, row);
    }

    protected override int LongestText(ReadOnlySpan<byte> wire) => wire.Length == 1 ? EscapeLength : NoText;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var value = wire[0];
        if (value < 0x80)
        {
            text[0] = value;
            return value == 0 ? 0 : 1;
        }

        text[0] = (byte)'\\';
        text[1] = (byte)('0' + (value >> 6));
        text[2] = (byte)('0' + ((value >> 3) & 7));
        text[3] = (byte)('0' + (value & 7));
        return EscapeLength;
    }
}
