using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>pg_snapshot and txid_snapshot: <c>xmin:xmax:xip,xip</c>.</summary>
internal sealed class SnapshotCodec : FormattedCodec
{
    private const int HeaderLength = sizeof(int) + (2 * sizeof(long));
    private const int LongestNumber = 20;

    protected override int LongestText(ReadOnlySpan<byte> wire)
    {
        if (wire.Length < HeaderLength)
            return NoText;
        var count = BinaryPrimitives.ReadInt32BigEndian(wire);
        return count >= 0 && HeaderLength + ((long)count * sizeof(long)) == wire.Length
            ? (LongestNumber + 1) * (count + 2)
            : NoText;
    }

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var writer = new AsciiWriter(text);
        writer.Write(BinaryPrimitives.ReadUInt64BigEndian(wire[4..]));
        writer.Write(':');
        writer.Write(BinaryPrimitives.ReadUInt64BigEndian(wire[12..]));
        writer.Write(':');
        for (var at = HeaderLength; at < wire.Length; at += sizeof(long))
        {
            if (at > HeaderLength)
                writer.Write(',');
            writer.Write(BinaryPrimitives.ReadUInt64BigEndian(wire[at..]));
        }

        return writer.Length;
    }
}
