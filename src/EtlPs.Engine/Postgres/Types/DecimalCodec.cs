using System.Buffers.Binary;
using System.Numerics;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>numeric(p,s) as DECIMAL(p,s): the number without its point, in 2, 4, 8 or 16 bytes. Never rounds.</summary>
internal sealed class DecimalCodec(int precision, int scale) : ColumnCodec
{
    /// <summary>The most digits that DuckDB's DECIMAL holds.</summary>
    public const int MaxPrecision = 38;

    // Numbers of up to 18 digits, nearly all, are reckoned in 64 bits.
    private const int LongDigits = 18;
    private const int HeaderLength = 8;
    private const int GroupDigits = 4;

    private enum Sign : ushort
    {
        Positive = 0x0000,
        Negative = 0x4000,
        NaN = 0xC000,
        PositiveInfinity = 0xD000,
        NegativeInfinity = 0xF000,
    }

    public override string DuckDbType { get; } = $"DECIMAL({precision},{scale})";

    public override bool HoldsEveryValue => false;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < HeaderLength)
            throw Malformed("binary");
        var groups = wire[HeaderLength..];
        if (groups.Length != 2 * BinaryPrimitives.ReadUInt16BigEndian(wire))
            throw Malformed("binary");
        var weight = (int)BinaryPrimitives.ReadInt16BigEndian(wire[2..]);
        var negative = (Sign)BinaryPrimitives.ReadUInt16BigEndian(wire[4..]) switch
        {
            Sign.Positive => false,
            Sign.Negative => true,
            Sign.NaN => throw new UnrepresentableValueException("NaN"),
            Sign.PositiveInfinity or Sign.NegativeInfinity => throw new UnrepresentableValueException("infinity"),
            _ => throw Malformed("binary"),
        };

        for (; !groups.IsEmpty && groups[0] == 0 && groups[1] == 0; groups = groups[2..])
            weight--;
        var digits = 0;
        if (!groups.IsEmpty)
            digits = DigitsOf(BinaryPrimitives.ReadUInt16BigEndian(groups)) + (GroupDigits * weight) + scale;
        if (digits > precision)
            throw TooManyDigits();
        if (digits <= LongDigits)
            Write(FromGroups<long>(groups, weight), negative, vector, row);
        else
            Write(FromGroups<Int128>(groups, weight), negative, vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var negative = wire.StartsWith("-"u8);
        if (negative)
            wire = wire[1..];
        if (wire.SequenceEqual("NaN"u8))
            throw new UnrepresentableValueException("NaN");
        if (wire.SequenceEqual("Infinity"u8))
            throw new UnrepresentableValueException("infinity");
        var point = wire.IndexOf((byte)'.');
        var whole = point < 0 ? wire : wire[..point];
        var fraction = point < 0 ? default : wire[(point + 1)..];
        if (whole.IsEmpty || whole.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9') || (point >= 0 && fraction.IsEmpty))
            throw Malformed("text");
        whole = whole.TrimStart((byte)'0');
        fraction = fraction.TrimEnd((byte)'0');
        if (whole.Length + scale > precision || fraction.Length > scale)
            throw TooManyDigits();
        if (whole.Length + scale <= LongDigits)
            Write(FromDigits<long>(whole, fraction), negative, vector, row);
        else
            Write(FromDigits<Int128>(whole, fraction), negative, vector, row);
    }

    private static int DigitsOf(ushort group) => group >= 1000 ? 4 : group >= 100 ? 3 : group >= 10 ? 2 : 1;

    private UnrepresentableValueException TooManyDigits() => new($"more digits than {DuckDbType} holds");

    /// <summary>Groups of four decimal digits, the first one worth 10,000 to the power of the weight.</summary>
    private T FromGroups<T>(ReadOnlySpan<byte> groups, int weight)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var value = T.Zero;
        var power = (GroupDigits * weight) + scale;
        for (; !groups.IsEmpty; groups = groups[2..], power -= GroupDigits)
        {
            var group = BinaryPrimitives.ReadUInt16BigEndian(groups);
            if (group > 9999)
                throw Malformed("binary");
            if (power >= 0)
            {
                value = (value * T.CreateTruncating(10_000)) + T.CreateTruncating(group);
                continue;
            }

            // The group lies across the last digit that the scale keeps, or beyond it: what falls off must be zero.
            var divisor = power > -GroupDigits ? PowersOfTen<int>.At(-power) : 10_000;
            var (kept, lost) = Math.DivRem(group, divisor);
            if (lost != 0)
                throw TooManyDigits();
            if (power > -GroupDigits)
                value = (value * PowersOfTen<T>.At(GroupDigits + power)) + T.CreateTruncating(kept);
        }

        power += GroupDigits;
        return power > 0 && value != T.Zero ? value * PowersOfTen<T>.At(power) : value;
    }

    private T FromDigits<T>(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var value = T.Zero;
        foreach (var digit in whole)
            value = (value * T.CreateTruncating(10)) + T.CreateTruncating(digit - '0');
        foreach (var digit in fraction)
            value = (value * T.CreateTruncating(10)) + T.CreateTruncating(digit - '0');
        return value == T.Zero ? value : value * PowersOfTen<T>.At(scale - fraction.Length);
    }

    private void Write<T>(T magnitude, bool negative, ColumnVector vector, int row)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var value = negative ? -magnitude : magnitude;
        switch (precision)
        {
            case <= 4:
                vector.Set(row, short.CreateTruncating(value));
                break;
            case <= 9:
                vector.Set(row, int.CreateTruncating(value));
                break;
            case <= LongDigits:
                vector.Set(row, long.CreateTruncating(value));
                break;
            default:
                vector.Set(row, Int128.CreateTruncating(value));
                break;
        }
    }
}
