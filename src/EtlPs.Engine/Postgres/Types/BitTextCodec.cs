using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>bit varying, which may be empty where DuckDB's BIT may not: kept as text of zeros and ones.</summary>
internal sealed class BitTextCodec : FormattedCodec
{
    protected override int LongestText(ReadOnlySpan<byte> wire)
    {
        if (wire.Length < sizeof(int))
            return NoText;
        var length = BinaryPrimitives.ReadInt32BigEndian(wire);
        return length >= 0 && wire.Length - sizeof(int) == (length + 7L) / 8 ? length : NoText;
    }

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        for (var i = 0; i < text.Length; i++)
            text[i] = (byte)('0' + ((wire[sizeof(int) + (i / 8)] >> (7 - (i % 8))) & 1));
        return text.Length;
    }
}
