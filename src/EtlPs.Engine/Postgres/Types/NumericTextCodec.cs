using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>numeric as its text: every digit, NaN and both infinities.</summary>
internal sealed class NumericTextCodec : FormattedCodec
{
    private const int HeaderLength = 8;
    private const int GroupDigits = 4;
    private const int LongestName = 9;
    private const ushort Positive = 0x0000;
    private const ushort Negative = 0x4000;
    private const ushort NaN = 0xC000;
    private const ushort PositiveInfinity = 0xD000;
    private const ushort NegativeInfinity = 0xF000;
    private const int GreatestScale = 0x3FFF;

    protected override int LongestText(ReadOnlySpan<byte> wire)
    {
        if (wire.Length < HeaderLength || wire.Length - HeaderLength != 2 * BinaryPrimitives.ReadInt16BigEndian(wire))
            return NoText;
        var whole = Math.Max(0, BinaryPrimitives.ReadInt16BigEndian(wire[2..]) + 1) * GroupDigits;
        var scale = BinaryPrimitives.ReadUInt16BigEndian(wire[6..]);
        return scale > GreatestScale ? NoText : LongestName + whole + scale;
    }

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var writer = new AsciiWriter(text);
        switch (BinaryPrimitives.ReadUInt16BigEndian(wire[4..]))
        {
            case Positive: break;
            case Negative: writer.Write('-'); break;
            case NaN: writer.Write("NaN"u8); return writer.Length;
            case PositiveInfinity: writer.Write("Infinity"u8); return writer.Length;
            case NegativeInfinity: writer.Write("-Infinity"u8); return writer.Length;
            default: return NoText;
        }

        var groups = wire[HeaderLength..];
        var weight = BinaryPrimitives.ReadInt16BigEndian(wire[2..]);
        return WriteWhole(groups, weight, ref writer)
            && WriteFraction(groups, weight, BinaryPrimitives.ReadUInt16BigEndian(wire[6..]), ref writer)
                ? writer.Length
                : NoText;
    }

    private static bool WriteWhole(ReadOnlySpan<byte> groups, int weight, ref AsciiWriter writer)
    {
        if (weight < 0)
            writer.Write('0');
        for (var i = 0; i <= weight; i++)
        {
            if (Group(groups, i) is not { } group)
                return false;
            if (i == 0)
                writer.Write(group);
            else
                WriteGroup(group, GroupDigits, ref writer);
        }

        return true;
    }

    private static bool WriteFraction(ReadOnlySpan<byte> groups, int weight, int scale, ref AsciiWriter writer)
    {
        if (scale > 0)
            writer.Write('.');
        for (var i = weight + 1; scale > 0; i++, scale -= GroupDigits)
        {
            if (Group(groups, i) is not { } group)
                return false;
            WriteGroup(group, Math.Min(scale, GroupDigits), ref writer);
        }

        return true;
    }

    /// <summary>Zero on both sides of what was sent; null: no four digits.</summary>
    private static int? Group(ReadOnlySpan<byte> groups, int index)
    {
        if (index < 0 || index >= groups.Length / 2)
            return 0;
        var group = BinaryPrimitives.ReadUInt16BigEndian(groups[(2 * index)..]);
        return group <= 9999 ? group : null;
    }

    private static void WriteGroup(int group, int digits, ref AsciiWriter writer)
    {
        for (var (i, power) = (0, 1000); i < digits; i++, power /= 10)
            writer.Write((char)('0' + (group / power % 10)));
    }
}
