namespace EtlPs.Engine.Postgres.Types;

/// <summary>macaddr and macaddr8: bytes in hexadecimal with colons between them.</summary>
internal sealed class MacAddressCodec(int length) : FormattedCodec
{
    protected override int LongestText(ReadOnlySpan<byte> wire) => wire.Length == length ? (3 * length) - 1 : NoText;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        for (var i = 0; i < length; i++)
        {
            if (i > 0)
                text[(3 * i) - 1] = (byte)':';
            text[3 * i] = HexDigit.Of(wire[i] >> 4);
            text[(3 * i) + 1] = HexDigit.Of(wire[i] & 15);
        }

        return text.Length;
    }
}
