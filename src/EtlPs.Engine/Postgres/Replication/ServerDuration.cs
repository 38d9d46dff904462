using System.Globalization;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Reads what SHOW says of a time setting: <c>1min</c>, <c>5s</c>, <c>0</c>.</summary>
internal static class ServerDuration
{
    /// <summary>Zero where the text is none.</summary>
    public static TimeSpan Read(string text)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var number = digits < 0 ? text : text[..digits];
        if (!double.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return TimeSpan.Zero;
        return (digits < 0 ? "ms" : text[digits..].Trim()) switch
        {
            "ms" => TimeSpan.FromMilliseconds(value),
            "s" => TimeSpan.FromSeconds(value),
            "min" => TimeSpan.FromMinutes(value),
            "h" => TimeSpan.FromHours(value),
            "d" => TimeSpan.FromDays(value),
            _ => TimeSpan.Zero,
        };
    }
}
