using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// inet and cidr: the address, and the length of its prefix where it is not the whole, or where it is a cidr.
/// </summary>
internal sealed class InetCodec(bool isCidr) : FormattedCodec
{
    private const byte FamilyV4 = 2;
    private const byte FamilyV6 = 3;
    private const int HeaderLength = 4;
    private const int LongestAddress = 50;
    private const int Groups = 8;

    protected override int LongestText(ReadOnlySpan<byte> wire)
    {
        if (wire.Length < HeaderLength || wire[3] != wire.Length - HeaderLength || wire[1] > 8 * wire[3])
            return NoText;
        return (wire[0], wire[3]) is (FamilyV4, 4) or (FamilyV6, 16) ? LongestAddress : NoText;
    }

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var address = wire[HeaderLength..];
        var writer = new AsciiWriter(text);
        if (wire[0] == FamilyV4)
            WriteV4(address, ref writer);
        else
            WriteV6(address, ref writer);
        if (isCidr || wire[1] != 8 * address.Length)
        {
            writer.Write('/');
            writer.Write(wire[1]);
        }

        return writer.Length;
    }

    private static void WriteV4(ReadOnlySpan<byte> address, ref AsciiWriter writer)
    {
        for (var i = 0; i < address.Length; i++)
        {
            if (i > 0)
                writer.Write('.');
            writer.Write(address[i]);
        }
    }

    /// <summary>
    /// The longest run of two or more zero groups is left out; what looks like an embedded IPv4 address ends as one.
    /// </summary>
    private static void WriteV6(ReadOnlySpan<byte> address, ref AsciiWriter writer)
    {
        Span<ushort> groups = stackalloc ushort[Groups];
        for (var i = 0; i < Groups; i++)
            groups[i] = BinaryPrimitives.ReadUInt16BigEndian(address[(2 * i)..]);
        var (start, length) = LongestZeros(groups);
        for (var i = 0; i < Groups; i++)
        {
            if (i >= start && i < start + length)
            {
                if (i == start)
                    writer.Write(':');
                continue;
            }

            if (i > 0)
                writer.Write(':');
            if (i == 6 && start == 0 && (length == 6 || (length == 7 && groups[7] != 1)
                || (length == 5 && groups[5] == 0xFFFF)))
            {
                WriteV4(address[12..], ref writer);
                return;
            }

            writer.WriteHex(groups[i]);
        }

        if (length > 0 && start + length == Groups)
            writer.Write(':');
    }

    private static (int Start, int Length) LongestZeros(ReadOnlySpan<ushort> groups)
    {
        var (start, length) = (-1, 0);
        for (var i = 0; i < Groups; i++)
        {
            var run = 0;
            while (i + run < Groups && groups[i + run] == 0)
                run++;
            if (run > length && run >= 2)
                (start, length) = (i, run);
            i += run;
        }

        return (start, length);
    }
}
