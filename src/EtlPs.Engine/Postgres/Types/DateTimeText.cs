namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// Reads dates and times as Postgres writes them with DateStyle ISO: <c>0044-03-15 12:00:00.5+00 BC</c>, the year with
/// four digits or more, the offset down to seconds.
/// </summary>
internal ref struct DateTimeText(ReadOnlySpan<byte> text)
{
    /// <summary>Days from 1970, where DuckDB counts from, to 2000, where Postgres does.</summary>
    public const int EpochDays = 10_957;

    public const long MicrosPerDay = 86_400_000_000;

    private const long MicrosPerSecond = 1_000_000;

    private ReadOnlySpan<byte> _rest = text;
    private bool _beforeChrist;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Takes the era, which stands behind all else and changes what the year means.</summary>
    public void ReadEra()
    {
        _beforeChrist = _rest.EndsWith(" BC"u8);
        if (_beforeChrist)
            _rest = _rest[..^3];
    }

    /// <summary>Reads year, month and day as days since 1970.</summary>
    public bool TryReadDate(out long days)
    {
        days = 0;
        if (!TryReadNumber(4, 7, out var year) || !TryRead((byte)'-') || !TryReadNumber(2, 2, out var month)
            || !TryRead((byte)'-') || !TryReadNumber(2, 2, out var day) || year == 0 || month is < 1 or > 12)
            return false;
        // There is no year zero: 1 BC is the astronomers' year 0.
        if (_beforeChrist)
            year = 1 - year;
        days = DaysOf(year, month, day);
        return day >= 1 && days < DaysOf(month == 12 ? year + 1 : year, (month % 12) + 1, 1);
    }

    public bool TryReadSeparator() => TryRead((byte)' ');

    /// <summary>Reads hours, minutes, seconds and their fraction as microseconds; 24:00:00 is the last.</summary>
    public bool TryReadTime(out long micros)
    {
        micros = 0;
        if (!TryReadNumber(2, 2, out var hours) || !TryRead((byte)':') || !TryReadNumber(2, 2, out var minutes)
            || !TryRead((byte)':') || !TryReadNumber(2, 2, out var seconds) || minutes > 59 || seconds > 60)
            return false;
        long fraction = 0;
        if (TryRead((byte)'.'))
        {
            var before = _rest.Length;
            if (!TryReadNumber(1, 6, out fraction))
                return false;
            for (var digits = before - _rest.Length; digits < 6; digits++)
                fraction *= 10;
        }

        micros = (((((hours * 60) + minutes) * 60) + seconds) * MicrosPerSecond) + fraction;
        return micros <= MicrosPerDay;
    }

    /// <summary>Reads the offset from UTC as microseconds; east is positive.</summary>
    public bool TryReadOffset(out long micros)
    {
        micros = 0;
        var west = TryRead((byte)'-');
        if ((!west && !TryRead((byte)'+')) || !TryReadNumber(2, 2, out var hours))
            return false;
        long minutes = 0, seconds = 0;
        if (TryRead((byte)':') && !TryReadNumber(2, 2, out minutes))
            return false;
        if (TryRead((byte)':') && !TryReadNumber(2, 2, out seconds))
            return false;
        micros = ((((hours * 60) + minutes) * 60) + seconds) * (west ? -MicrosPerSecond : MicrosPerSecond);
        return true;
    }

    // Howard Hinnant's reckoning: years begin in March, so that the leap day comes last; eras of 400 years.
    private static long DaysOf(long year, long month, long day)
    {
        if (month <= 2)
            year--;
        var era = Math.DivRem(year, 400, out var yearOfEra);
        if (yearOfEra < 0)
        {
            era--;
            yearOfEra += 400;
        }

        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        var dayOfEra = (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear;
        return (era * 146_097) + dayOfEra - 719_468;
    }

    private bool TryRead(byte character)
    {
        if (_rest.IsEmpty || _rest[0] != character)
            return false;
        _rest = _rest[1..];
        return true;
    }

    private bool TryReadNumber(int least, int most, out long number)
    {
        number = 0;
        var digits = 0;
        while (digits < _rest.Length && digits < most && (uint)(_rest[digits] - '0') <= 9)
            number = (number * 10) + (_rest[digits++] - '0');
        _rest = _rest[digits..];
        return digits >= least;
    }
}
