using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A numeric as numeric_out writes it, from what numeric_send sent: groups of four digits and a display scale.
/// </summary>
internal static class NumericText
{
    private const int HeaderLength = 8;
    private const int GroupDigits = 4;
    private const int MaxScale = 16_383;
    private const ushort Positive = 0x0000;
    private const ushort Negative = 0x4000;
    private const ushort NaN = 0xC000;
    private const ushort PositiveInfinity = 0xD000;
    private const ushort NegativeInfinity = 0xF000;

    /// <summary>How many bytes <see cref="TryWrite"/> needs at most; less than none: the wire is no numeric.</summary>
    public static int MaxLength(ReadOnlySpan<byte> wire)
    {
        if (wire.Length < HeaderLength
            || wire.Length - HeaderLength != 2 * BinaryPrimitives.ReadUInt16BigEndian(wire)) return -1;
        var weight = BinaryPrimitives.ReadInt16BigEndian(wire[2..]);
        var scale = BinaryPrimitives.ReadUInt16BigEndian(wire[6..]);
        if (scale > MaxScale) return -1;
        // Sign, point, and either the longest word or the digits on both sides, in whole groups.
        return "-Infinity".Length + (GroupDigits * (Math.Max((int)weight, 0) + 1)) + scale + GroupDigits;
    }

    /// <summary>Writes the text into memory of <see cref="MaxLength"/>; false: the wire is no numeric.</summary>
    public static bool TryWrite(ReadOnlySpan<byte> wire, Span<byte> text, out int length)
    {
        length = 0;
        var sign = BinaryPrimitives.ReadUInt16BigEndian(wire[4..]);
        if (sign is not (Positive or Negative))
        {
            var word = sign switch
            {
                NaN => "NaN"u8,
                PositiveInfinity => "Infinity"u8,
                NegativeInfinity => "-Infinity"u8,
                _ => default,
            };
            word.CopyTo(text);
            length = word.Length;
            return length > 0;
        }
        if (sign == Negative) text[length++] = (byte)'-';
        return TryWriteDigits(wire, text, ref length);
    }

    private static bool TryWriteDigits(ReadOnlySpan<byte> wire, Span<byte> text, ref int length)
    {
        var groups = wire[HeaderLength..];
        var weight = (int)BinaryPrimitives.ReadInt16BigEndian(wire[2..]);
        var start = length;
        for (var i = 0; i <= weight; i++)
        {
            if (!TryWriteGroup(groups, i, text[length..])) return false;
            length += GroupDigits;
        }
        // The zeros in front, but for one digit.
        var whole = text[start..length];
        var digits = whole.TrimStart((byte)'0');
        digits.CopyTo(whole);
        length = start + digits.Length;
        if (digits.IsEmpty) text[length++] = (byte)'0';

        var scale = BinaryPrimitives.ReadUInt16BigEndian(wire[6..]);
        if (scale == 0) return true;
        text[length++] = (byte)'.';
        var end = length + scale;
        for (var i = weight + 1; length < end; i++, length += GroupDigits)
            if (!TryWriteGroup(groups, i, text[length..])) return false;
        length = end;
        return true;
    }

    /// <summary>Four digits; groups before the first one and behind the last one are zeros.</summary>
    private static bool TryWriteGroup(ReadOnlySpan<byte> groups, int index, Span<byte> text)
    {
        var value = (uint)index < (uint)groups.Length / 2
            ? BinaryPrimitives.ReadUInt16BigEndian(groups[(2 * index)..])
            : 0;
        if (value > 9999) return false;
        text[3] = (byte)('0' + (value % 10));
        text[2] = (byte)('0' + (value / 10 % 10));
        text[1] = (byte)('0' + (value / 100 % 10));
        text[0] = (byte)('0' + (value / 1000));
        return true;
    }

    /// <summary>Whether text can be what numeric_out wrote.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("NaN"u8) || text.SequenceEqual("Infinity"u8) || text.SequenceEqual("-Infinity"u8))
            return true;
        if (text.StartsWith("-"u8)) text = text[1..];
        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        return !whole.IsEmpty && IsDigits(whole)
            && (point < 0 || (point < text.Length - 1 && IsDigits(text[(point + 1)..])));
    }

    private static bool IsDigits(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
