using System.Buffers.Text;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// Reads intervals as Postgres writes them with IntervalStyle postgres: <c>-1 years -2 mons +3 days -04:05:06.789</c>,
/// each part only where it is not zero.
/// </summary>
internal ref struct IntervalText(ReadOnlySpan<byte> text)
{
    private const int MonthsPerYear = 12;
    private const long MicrosPerSecond = 1_000_000;

    private ReadOnlySpan<byte> _rest = text;

    public bool TryRead(out int months, out int days, out long micros)
    {
        (months, days, micros) = (0, 0, 0);
        if (_rest.IsEmpty)
            return false;
        long allMonths = 0;
        while (!_rest.IsEmpty)
        {
            if (_rest.IndexOf((byte)':') >= 0 && _rest.IndexOf((byte)' ') < 0)
                return TryReadTime(out micros) && Fits(allMonths, out months);
            if (!TryReadCount(out var count))
                return false;
            if (TryTake("year"u8))
                allMonths += MonthsPerYear * (long)count;
            else if (TryTake("mon"u8))
                allMonths += count;
            else if (TryTake("day"u8))
                days = count;
            else
                return false;
            TryTake("s"u8);
            if (!_rest.IsEmpty && !TryTake(" "u8))
                return false;
        }

        return Fits(allMonths, out months);
    }

    private static bool Fits(long value, out int months)
    {
        months = unchecked((int)value);
        return months == value;
    }

    private bool TryReadCount(out int count)
    {
        TryTake("+"u8);
        if (!Utf8Parser.TryParse(_rest, out count, out var consumed))
            return false;
        _rest = _rest[consumed..];
        return TryTake(" "u8);
    }

    private bool TryReadTime(out long micros)
    {
        micros = 0;
        var negative = TryTake("-"u8);
        if (!negative)
            TryTake("+"u8);
        if (!TryReadNumber(10, out var hours) || !TryTake(":"u8) || !TryReadNumber(2, out var minutes)
            || !TryTake(":"u8) || !TryReadNumber(2, out var seconds))
            return false;
        long fraction = 0;
        if (TryTake("."u8))
        {
            var digits = _rest.Length;
            if (digits is < 1 or > 6 || !TryReadNumber(6, out fraction))
                return false;
            for (; digits < 6; digits++)
                fraction *= 10;
        }

        var all = (((((((Int128)hours * 60) + minutes) * 60) + seconds) * MicrosPerSecond)
            + fraction) * (negative ? -1 : 1);
        micros = unchecked((long)all);
        return _rest.IsEmpty && micros == all;
    }

    private bool TryReadNumber(int mostDigits, out long number)
    {
        number = 0;
        var digits = 0;
        for (; digits < _rest.Length && digits < mostDigits && _rest[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
            number = (number * 10) + (_rest[digits] - '0');
        _rest = _rest[digits..];
        return digits > 0;
    }

    private bool TryTake(ReadOnlySpan<byte> prefix)
    {
        if (!_rest.StartsWith(prefix))
            return false;
        _rest = _rest[prefix.Length..];
        return true;
    }
}
