using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Unicode;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Postgres.Values;

/// <summary>
/// A value's text, as its type's output function writes it under our sessions' settings, as one of .NET's own: the same
/// that a query of a destination gives. What .NET has no exact value for stays the text.
/// </summary>
internal static class TextValue
{
    // All digits of a number with no more than these are in a decimal, whose scale goes as far.
    private const int DecimalDigits = 28;
    private const int DaysToUnixEpoch = 719_162;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>
    /// Reads a value of a scalar type; <paramref name="type"/> is the oid, that of the base for a domain.
    /// </summary>
    public static object Read(ReadOnlySpan<byte> text, uint type) => TryRead(text, type) ?? Text(text);

    /// <summary>Bytes that are no UTF-8, which a database in SQL_ASCII may hold, stay bytes.</summary>
    public static object Text(ReadOnlySpan<byte> text) =>
        Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : text.ToArray();

    private static object? TryRead(ReadOnlySpan<byte> text, uint type) => type switch
    {
        16 => text.SequenceEqual("t"u8) ? true : text.SequenceEqual("f"u8) ? false : null,
        17 => Bytes(text),
        20 => long.TryParse(text, NumberStyles.AllowLeadingSign, Invariant, out var number) ? number : null,
        21 => short.TryParse(text, NumberStyles.AllowLeadingSign, Invariant, out var number) ? number : null,
        23 => int.TryParse(text, NumberStyles.AllowLeadingSign, Invariant, out var number) ? number : null,
        26 => uint.TryParse(text, NumberStyles.None, Invariant, out var number) ? number : null,
        700 => float.TryParse(text, NumberStyles.Float, Invariant, out var number) ? number : null,
        701 => double.TryParse(text, NumberStyles.Float, Invariant, out var number) ? number : null,
        1082 => Date(text),
        1083 => Time(text),
        1114 => Timestamp(text, withTimeZone: false),
        1184 => Timestamp(text, withTimeZone: true),
        1700 => Number(text),
        2950 => Guid.TryParse(Encoding.ASCII.GetString(text), out var id) ? id : null,
        _ => null,
    };

    private static byte[]? Bytes(ReadOnlySpan<byte> text) =>
        text.StartsWith("\\x"u8) && text.Length % 2 == 0
        ? Convert.FromHexString(Encoding.ASCII.GetString(text[2..]))
        : null;

    private static object? Number(ReadOnlySpan<byte> text)
    {
        var point = text.IndexOf((byte)'.');
        var digits = text.TrimStart("-0."u8).Length;
        var scale = point < 0 ? 0 : text.Length - point - 1;
        if (digits <= DecimalDigits + (point < 0 ? 0 : 1) && scale <= DecimalDigits)
            return decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, Invariant, out var number)
                ? number : null;
        return point < 0 && BigInteger.TryParse(
            Encoding.ASCII.GetString(text), NumberStyles.AllowLeadingSign, Invariant, out var large) ? large : null;
    }

    private static DateOnly? Date(ReadOnlySpan<byte> text)
    {
        var reader = new DateTimeText(text);
        reader.ReadEra();
        return reader.TryReadDate(out var days) && reader.IsAtEnd
            && days + DaysToUnixEpoch >= 0 && days + DaysToUnixEpoch <= DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber((int)days + DaysToUnixEpoch)
            : null;
    }

    private static TimeOnly? Time(ReadOnlySpan<byte> text)
    {
        var reader = new DateTimeText(text);
        return reader.TryReadTime(out var micros) && reader.IsAtEnd && micros < DateTimeText.MicrosPerDay
            ? new TimeOnly(micros * TimeSpan.TicksPerMicrosecond)
            : null;
    }

    private static DateTime? Timestamp(ReadOnlySpan<byte> text, bool withTimeZone)
    {
        var reader = new DateTimeText(text);
        reader.ReadEra();
        var offset = 0L;
        if (!reader.TryReadDate(out var days) || !reader.TryReadSeparator() || !reader.TryReadTime(out var micros)
            || (withTimeZone && !reader.TryReadOffset(out offset)) || !reader.IsAtEnd
            || days + DaysToUnixEpoch < 0 || days + DaysToUnixEpoch > DateOnly.MaxValue.DayNumber)
            return null;
        var ticks = DateTime.UnixEpoch.Ticks + (days * TimeSpan.TicksPerDay)
            + ((micros - offset) * TimeSpan.TicksPerMicrosecond);
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime(ticks, withTimeZone ? DateTimeKind.Utc : DateTimeKind.Unspecified)
            : null;
    }
}
