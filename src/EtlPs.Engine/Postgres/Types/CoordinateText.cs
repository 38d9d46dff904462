using System.Buffers;
using System.Globalization;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>The numbers of a geometric value's text, whatever brackets and commas stand between them.</summary>
internal ref struct CoordinateText(ReadOnlySpan<byte> text)
{
    private static readonly SearchValues<byte> s_marks = SearchValues.Create(Marks);

    private ReadOnlySpan<byte> _rest = Trim(text);

    public readonly bool IsAtEnd => _rest.IsEmpty;

    private static ReadOnlySpan<byte> Marks => "()[]{}<>,"u8;

    public bool TryRead(out double number)
    {
        const NumberStyles style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var end = _rest.IndexOfAny(s_marks);
        var digits = end < 0 ? _rest : _rest[..end];
        _rest = Trim(_rest[digits.Length..]);
        var isNumber = double.TryParse(digits, style, CultureInfo.InvariantCulture, out number);
        if (double.IsNaN(number))
            number = Float8Codec.NaN;
        return isNumber;
    }

    /// <summary>How many numbers are left.</summary>
    public readonly int Count()
    {
        var count = 0;
        for (var rest = _rest; !rest.IsEmpty; count++)
        {
            var end = rest.IndexOfAny(s_marks);
            rest = end < 0 ? default : Trim(rest[end..]);
        }

        return count;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.TrimStart(Marks);
}
