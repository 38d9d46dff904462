using System.Globalization;
using System.Management.Automation;

namespace EtlPs.Model;

/// <summary>Units for the format views; the values themselves stay raw.</summary>
public static class EtlFormat
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB", "PB"];

    /// <summary>Bytes in the largest unit that leaves at least one: <c>1.5 GB</c>; empty for null.</summary>
    public static string Bytes(long? value)
    {
        if (value is not { } bytes)
            return "";
        var unit = 0;
        double size = bytes;
        for (; Math.Abs(size) >= 1024 && unit < Units.Length - 1; unit++)
            size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }

    /// <summary>A time span to the tenth of a second: <c>1:02:03.4</c>; empty for null.</summary>
    public static string Time(TimeSpan? value) => value is not { } time
        ? ""
        : time.ToString(time.TotalHours >= 24 ? @"d\.hh\:mm\:ss" : @"h\:mm\:ss\.f", CultureInfo.InvariantCulture);

    /// <summary>A number with thousands apart: <c>1,234,567</c>; empty for null.</summary>
    public static string Count(double? value) => value?.ToString("#,0", CultureInfo.InvariantCulture) ?? "";

    /// <summary>
    /// A point in time to the millisecond, UTC: also one that came from another process; empty for null.
    /// </summary>
    public static string Moment(PSObject? value) => value switch
    {
        null => "",
        { BaseObject: DateTimeOffset time } => Moment(time.UtcDateTime),
        _ => value.Properties["UtcDateTime"]?.Value is DateTime time ? Moment(time) : value.ToString(),
    };

    private static string Moment(DateTime time) =>
        time.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>A row on one line: <c>id=1, name=ann</c>; empty for null.</summary>
    public static string Row(PSObject? row) => row is null
        ? ""
        : string.Join(", ", row.Properties.Select(static property => $"{property.Name}={Value(property.Value)}"));

    private static string Value(object? value) => value switch
    {
        null => "NULL",
        byte[] bytes => $"({Bytes(bytes.Length)})",
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("O", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        object[] items => $"[{string.Join(", ", items.Select(Value))}]",
        _ => value.ToString() ?? "",
    };
}
