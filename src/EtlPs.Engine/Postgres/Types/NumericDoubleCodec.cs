using System.Buffers;
using System.Globalization;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// numeric of any number of digits as DOUBLE, where the double gives the number back: by 15 digits, as Postgres's own
/// cast to numeric has them, or by its shortest text. 0.1 is held, though no double equals it.
/// </summary>
/// <param name="rounds">Whether a number that is not given back is the nearest double, where the reader keeps account
/// of it.</param>
internal sealed class NumericDoubleCodec(bool rounds = false) : ColumnCodec
{
    // DBL_DIG: a number of that many digits is nearer to its double than any other of so many.
    private const int SafeDigits = 15;
    private const int SafeExponent = 290;
    private const int ShortText = 128;

    private static readonly string s_rounded = LossKind.Rounded("DOUBLE");

    public override string DuckDbType => "DOUBLE";

    public override bool HoldsEveryValue => false;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var most = NumericText.MaxLength(wire);
        if (most < 0)
            throw Malformed("binary");
        byte[]? rented = null;
        var text = most <= ShortText ? stackalloc byte[ShortText] : rented = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            if (!NumericText.TryWrite(wire, text, out var length))
                throw Malformed("binary");
            Write(text[..length], vector, row);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!NumericText.IsValid(wire))
            throw Malformed("text");
        Write(wire, vector, row);
    }

    private void Write(ReadOnlySpan<byte> text, ColumnVector vector, int row)
    {
        const NumberStyles style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!double.TryParse(text, style, CultureInfo.InvariantCulture, out var value))
            throw Malformed("text");
        if (char.IsAsciiDigit((char)text[^1]) && !GivesBack(value, text))
        {
            if (double.IsInfinity(value) || !rounds || vector.OnUnrepresentable != OnUnrepresentable.Round)
            {
                Refuse(vector, row, double.IsInfinity(value) ? "beyond the range of DOUBLE"
                    : "more digits than DOUBLE holds");
                return;
            }

            vector.Lose(s_rounded);
        }

        vector.Set(row, double.IsNaN(value) ? Float8Codec.NaN : value);
    }

    private static bool GivesBack(double value, ReadOnlySpan<byte> text)
    {
        if (double.IsInfinity(value))
            return false;
        var number = new SignificantDigits(text);
        if (number.Count <= SafeDigits && Math.Abs(number.Exponent) < SafeExponent)
            return true;
        Span<byte> shortest = stackalloc byte[32];
        value.TryFormat(shortest, out var length, default, CultureInfo.InvariantCulture);
        return number.Equals(new SignificantDigits(shortest[..length]));
    }
}
