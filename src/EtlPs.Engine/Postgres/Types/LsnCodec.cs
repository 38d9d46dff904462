using System.Buffers.Binary;
using System.Globalization;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>pg_lsn: <c>16/B374D848</c>.</summary>
internal sealed class LsnCodec : FormattedCodec
{
    private const int Longest = 17;

    protected override int LongestText(ReadOnlySpan<byte> wire) => wire.Length == sizeof(ulong) ? Longest : NoText;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var high = BinaryPrimitives.ReadUInt32BigEndian(wire);
        high.TryFormat(text, out var length, "X", CultureInfo.InvariantCulture);
        text[length++] = (byte)'/';
        BinaryPrimitives.ReadUInt32BigEndian(wire[4..])
            .TryFormat(text[length..], out var low, "X", CultureInfo.InvariantCulture);
        return length + low;
    }
}
