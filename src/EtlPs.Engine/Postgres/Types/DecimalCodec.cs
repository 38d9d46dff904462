using System.Buffers.Binary;
using System.Numerics;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>numeric(p,s) as DECIMAL(p,s): the number without its point, in 2, 4, 8 or 16 bytes.</summary>
/// <param name="precision">All digits.</param>
/// <param name="scale">Those behind the point.</param>
/// <param name="rounds">
/// Whether a number with more digits behind the point is rounded, half away from zero as Postgres does, where the
/// reader keeps account of it. None ever is otherwise.
/// </param>
internal sealed class DecimalCodec(int precision, int scale, bool rounds = false) : ColumnCodec
{
    /// <summary>The most digits that DuckDB's DECIMAL holds.</summary>
    public const int MaxPrecision = 38;

    // Numbers of up to 18 digits, nearly all, are reckoned in 64 bits.
    private const int LongDigits = 18;
    private const int HeaderLength = 8;
    private const int GroupDigits = 4;

    private readonly string _tooManyDigits = $"more digits than DECIMAL({precision},{scale}) holds";
    private readonly string _rounded = LossKind.Rounded($"DECIMAL({precision},{scale})");

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
        var sign = (Sign)BinaryPrimitives.ReadUInt16BigEndian(wire[4..]);
        if (sign is not (Sign.Positive or Sign.Negative))
        {
            Refuse(vector, row, sign switch
            {
                Sign.NaN => "NaN",
                Sign.PositiveInfinity or Sign.NegativeInfinity => "infinity",
                _ => throw Malformed("binary"),
            });
            return;
        }

        for (; !groups.IsEmpty && groups[0] == 0 && groups[1] == 0; groups = groups[2..])
            weight--;
        var digits = 0;
        if (!groups.IsEmpty)
            digits = DigitsOf(BinaryPrimitives.ReadUInt16BigEndian(groups)) + (GroupDigits * weight) + scale;
        if (digits > precision)
            Refuse(vector, row, _tooManyDigits);
        else if (digits <= LongDigits)
            Write(FromGroups<long>(groups, weight, out var isExact), isExact, sign == Sign.Negative, digits, vector,
                row);
        else
            Write(FromGroups<Int128>(groups, weight, out var isExact), isExact, sign == Sign.Negative, digits, vector,
                row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var negative = wire.StartsWith("-"u8);
        if (negative)
            wire = wire[1..];
        if (wire.SequenceEqual("NaN"u8) || wire.SequenceEqual("Infinity"u8))
        {
            Refuse(vector, row, wire[0] == 'N' ? "NaN" : "infinity");
            return;
        }

        var point = wire.IndexOf((byte)'.');
        var whole = point < 0 ? wire : wire[..point];
        var fraction = point < 0 ? default : wire[(point + 1)..];
        if (whole.IsEmpty || whole.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9') || (point >= 0 && fraction.IsEmpty))
            throw Malformed("text");
        whole = whole.TrimStart((byte)'0');
        fraction = fraction.TrimEnd((byte)'0');
        var digits = whole.Length + scale;
        var isExact = fraction.Length <= scale;
        if (digits > precision)
            Refuse(vector, row, _tooManyDigits);
        else if (digits <= LongDigits)
            Write(FromDigits<long>(whole, fraction), isExact, negative, digits, vector, row);
        else
            Write(FromDigits<Int128>(whole, fraction), isExact, negative, digits, vector, row);
    }

    private static int DigitsOf(ushort group) => group >= 1000 ? 4 : group >= 100 ? 3 : group >= 10 ? 2 : 1;

    /// <summary>
    /// Groups of four decimal digits, the first one worth 10,000 to the power of the weight; rounded where they are
    /// more.
    /// </summary>
    private T FromGroups<T>(ReadOnlySpan<byte> groups, int weight, out bool isExact)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var value = T.Zero;
        var roundsUp = false;
        isExact = true;
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

            // The group lies across the last digit that the scale keeps, or beyond it: what falls off should be zero.
            var divisor = power > -GroupDigits ? PowersOfTen<int>.At(-power) : 10_000;
            var (kept, lost) = Math.DivRem(group, divisor);
            isExact &= lost == 0;
            // The first digit that falls off decides.
            if (power >= -GroupDigits)
                roundsUp = 2 * lost >= divisor;
            if (power > -GroupDigits)
                value = (value * PowersOfTen<T>.At(GroupDigits + power)) + T.CreateTruncating(kept);
        }

        power += GroupDigits;
        if (power > 0 && value != T.Zero)
            value *= PowersOfTen<T>.At(power);
        return roundsUp ? value + T.One : value;
    }

    /// <summary>The same from text: the digits before the point and behind it.</summary>
    private T FromDigits<T>(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var value = T.Zero;
        foreach (var digit in whole)
            value = (value * T.CreateTruncating(10)) + T.CreateTruncating(digit - '0');
        var roundsUp = fraction.Length > scale && fraction[scale] >= '5';
        fraction = fraction[..Math.Min(fraction.Length, scale)];
        foreach (var digit in fraction)
            value = (value * T.CreateTruncating(10)) + T.CreateTruncating(digit - '0');
        if (value != T.Zero)
            value *= PowersOfTen<T>.At(scale - fraction.Length);
        return roundsUp ? value + T.One : value;
    }

    private void Write<T>(T magnitude, bool isExact, bool negative, int digits, ColumnVector vector, int row)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (!isExact)
        {
            // 99.995 has one digit more once it is rounded.
            var isTooLarge = digits == precision && magnitude == PowersOfTen<T>.At(precision);
            if (isTooLarge || !rounds || vector.OnUnrepresentable != OnUnrepresentable.Round)
            {
                Refuse(vector, row, _tooManyDigits);
                return;
            }

            vector.Lose(_rounded);
        }

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
