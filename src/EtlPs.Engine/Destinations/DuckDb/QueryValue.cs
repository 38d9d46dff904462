using System.Collections;
using System.Globalization;
using System.Numerics;
using DuckDB.NET.Native;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// DuckDB.NET's values as plain .NET ones; what .NET has no value for becomes the text that DuckDB would print.
/// </summary>
internal static class QueryValue
{
    private const long MicrosecondsPerSecond = 1_000_000;

    /// <summary>Converts one value, and those inside of it.</summary>
    public static object? ToClr(object? value, QueryType type) => value switch
    {
        null or DBNull => null,
        DuckDBTimestamp timestamp => Timestamp(timestamp, type.IsUtc),
        DateTime moment => Moment(moment, type.IsUtc),
        DuckDBDateOnly date => Date(date),
        DuckDBTimeOnly time => time.Hour < 24 ? new TimeOnly(time.Ticks) : "24:00:00",
        DuckDBInterval interval => FixedLength(interval) is { } length ? length : Describe(interval),
        DuckDBDecimal number => Decimal(number),
        DuckDBHugeInt huge => huge.ToBigInteger(),
        DuckDBUHugeInt huge => huge.ToBigInteger(),
        DuckDBTimeTz time => $"{time.Time.Hour:00}:{time.Time.Min:00}:{time.Time.Sec:00}"
            + Fraction(time.Time.Microsecond) + Offset(time.Offset),
        DateTimeOffset time => Time(time),
        Stream stream => Bytes(stream),
        string or byte[] => value,
        IDictionary map => Map(map, type),
        IList list => List(list, type),
        _ => value,
    };

    private static DateTime Moment(DateTime value, bool isUtc) =>
        DateTime.SpecifyKind(value, isUtc ? DateTimeKind.Utc : DateTimeKind.Unspecified);

    // What DuckDB.NET makes of a TIMETZ in a struct.
    private static string Time(DateTimeOffset value) =>
        value.ToString("HH:mm:ss", CultureInfo.InvariantCulture)
        + Fraction((int)(value.TimeOfDay.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond))
        + Offset((int)value.Offset.TotalSeconds);

    private static object Timestamp(DuckDBTimestamp value, bool isUtc)
    {
        if (value.IsInfinity)
            return value.IsPositiveInfinity ? "infinity" : "-infinity";
        if (value.Date.Year is >= 1 and <= 9999)
            return Moment(value.ToDateTime(), isUtc);
        var time = value.Time;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Day(value.Date)} {time.Hour:00}:{time.Min:00}:{time.Sec:00}{Fraction(time.Microsecond)}")
            + (isUtc ? "+00" : "") + Era(value.Date);
    }

    private static object Date(DuckDBDateOnly value)
    {
        if (value.IsInfinity)
            return value.IsPositiveInfinity ? "infinity" : "-infinity";
        return value.Year is >= 1 and <= 9999 ? value.ToDateOnly() : Day(value) + Era(value);
    }

    // DuckDB's year 0 is 1 BC.
    private static string Day(DuckDBDateOnly date) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(date.Year > 0 ? date.Year : 1L - date.Year):0000}-{date.Month:00}-{date.Day:00}");

    private static string Era(DuckDBDateOnly date) => date.Year > 0 ? "" : " (BC)";

    private static string Fraction(int microseconds) =>
        microseconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $".{microseconds:000000}").TrimEnd('0');

    private static string Offset(int seconds)
    {
        var offset = TimeSpan.FromSeconds(Math.Abs(seconds));
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{(seconds < 0 ? '-' : '+')}{(int)offset.TotalHours:00}");
        return offset.Minutes == 0 && offset.Seconds == 0
            ? text
            : string.Create(CultureInfo.InvariantCulture, $"{text}:{offset.Minutes:00}")
              + (offset.Seconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $":{offset.Seconds:00}"));
    }

    // Months have no fixed length: an interval with months stays a text.
    private static TimeSpan? FixedLength(DuckDBInterval value)
    {
        var microseconds = unchecked((long)value.Micros);
        return value.Months == 0 && Math.Abs(value.Days) < 1_000_000
            && Math.Abs(microseconds / MicrosecondsPerSecond) < 100_000_000_000
            ? new TimeSpan(value.Days, 0, 0, 0) + TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond)
            : null;
    }

    private static string Describe(DuckDBInterval value) => string.Create(
        CultureInfo.InvariantCulture,
        $"{value.Months} months {value.Days} days {unchecked((long)value.Micros)} microseconds");

    private static object Decimal(DuckDBDecimal value)
    {
        var digits = value.Value.ToBigInteger();
        if (BigInteger.Abs(digits) < BigInteger.Pow(2, 96) && value.Scale <= 28)
            return (decimal)digits / Power(value.Scale);
        if (value.Scale == 0)
            return digits;
        var text = BigInteger.Abs(digits).ToString(CultureInfo.InvariantCulture).PadLeft(value.Scale + 1, '0');
        return $"{(digits.Sign < 0 ? "-" : "")}{text[..^value.Scale]}.{text[^value.Scale..]}";
    }

    private static decimal Power(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < exponent; i++)
            power *= 10;
        return power;
    }

    private static byte[] Bytes(Stream stream)
    {
        using (stream)
        {
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    private static object?[] List(IList list, QueryType type)
    {
        var items = new object?[list.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = ToClr(list[i], type.Element);
        return items;
    }

    private static Dictionary<object, object?> Map(IDictionary map, QueryType type)
    {
        var items = new Dictionary<object, object?>();
        foreach (DictionaryEntry entry in map)
            items.Add(ToClr(entry.Key, type.Key)!, ToClr(entry.Value, type.Value(entry.Key)));
        return items;
    }
}
