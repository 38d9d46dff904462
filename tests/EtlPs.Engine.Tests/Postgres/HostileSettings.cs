namespace EtlPs.Engine.Tests.Postgres;

/// <summary>Settings of a role or a database that would make other text of values.</summary>
internal static class HostileSettings
{
    /// <param name="owner">Whose they become, such as <c>ROLE etl</c>.</param>
    public static string Of(string owner)
    {
        (string Name, string Value)[] settings =
        [
            ("DateStyle", "German"), ("TimeZone", "Asia/Tokyo"), ("bytea_output", "escape"),
            ("IntervalStyle", "iso_8601"),
            // As good as every Windows has no second name for the locale that all have.
            ("extra_float_digits", "-5"), ("lc_monetary", OperatingSystem.IsWindows() ? "C" : "POSIX"),
            ("quote_all_identifiers", "on"),
        ];
        return string.Concat(settings.Select(setting => $"ALTER {owner} SET {setting.Name} = '{setting.Value}'; "));
    }
}
