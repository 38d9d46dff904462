using EtlPs.Engine.Pipelines.Errors;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>
/// Reads the two spellings of a connection. No error echoes the text: any part of it may be a password.
/// </summary>
internal static class ConnectionText
{
    public static NpgsqlConnectionStringBuilder Read(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw Invalid("is empty");
        var trimmed = text.Trim();
        return trimmed.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || trimmed.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)
            ? ConnectionUri.Read(trimmed)
            : ReadKeywords(trimmed);
    }

    public static SslMode ReadSslMode(string text) =>
        text.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant() switch
        {
            "disable" => SslMode.Disable,
            "allow" => SslMode.Allow,
            "prefer" => SslMode.Prefer,
            "require" => SslMode.Require,
            "verifyca" => SslMode.VerifyCA,
            "verifyfull" => SslMode.VerifyFull,
            _ => throw Invalid(
                "has an SSL mode that is none of disable, allow, prefer, require, verify-ca, verify-full"),
        };

    /// <summary>
    /// A host alone: a text with more in it may hold a password, and hosts are shown. A socket may begin with '@'.
    /// </summary>
    public static string RequireHost(string host) =>
        host.LastIndexOf('@') > 0 || host.Contains("://", StringComparison.Ordinal) || IsTextOfKeywords(host)
            ? throw Invalid("is given where a host is wanted")
            : host;

    public static EtlException Invalid(string what) => new(
        EtlErrorCode.InvalidArgument,
        $"The source's connection text {what}.",
        "Write Host=db1;Port=5432;Database=shop;Username=etl or postgres://etl@db1:5432/shop?sslmode=require. "
        + "The text is not shown here because it may hold a password.");

    private static NpgsqlConnectionStringBuilder ReadKeywords(string text)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException
            or OverflowException or NotSupportedException or KeyNotFoundException)
        {
            // Not kept as the inner exception: its message repeats keyword and value.
            throw Invalid("is no list of keyword=value pairs that Npgsql knows, separated by semicolons");
        }

        // libpq separates by spaces; Npgsql then takes everything behind the first '=' for the host.
        if (builder.Host is { } host && IsTextOfKeywords(host))
            throw Invalid("separates its keywords by spaces; it needs semicolons");
        return builder;
    }

    private static bool IsTextOfKeywords(string host) =>
        host.Contains('=', StringComparison.Ordinal) || host.Any(char.IsWhiteSpace);
}
