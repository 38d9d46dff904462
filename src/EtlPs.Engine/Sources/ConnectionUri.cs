using System.Globalization;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>Reads <c>postgres://user:password@host:port/database?name=value&amp;…</c> by libpq's rules.</summary>
internal static class ConnectionUri
{
    public static NpgsqlConnectionStringBuilder Read(string text)
    {
        var rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var builder = new NpgsqlConnectionStringBuilder();

        // The authority ends at the first '/' or '?'; a password with one of those, or with '@', must be
        // percent-encoded.
        var end = rest.AsSpan().IndexOfAny('/', '?');
        var authority = end < 0 ? rest : rest[..end];
        rest = end < 0 ? "" : rest[end..];

        var at = authority.LastIndexOf('@');
        if (at >= 0)
            ReadUser(authority[..at], builder);
        ReadHost(authority[(at + 1)..], builder);

        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? rest : rest[..question];
        if (path.Length > 1)
            builder.Database = Decode(path[1..]);
        if (question >= 0)
            ReadParameters(rest[(question + 1)..], builder);
        return builder;
    }

    private static void ReadUser(string text, NpgsqlConnectionStringBuilder builder)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var user = Decode(colon < 0 ? text : text[..colon]);
        if (user.Length > 0)
            builder.Username = user;
        if (colon >= 0)
            builder.Password = Decode(text[(colon + 1)..]);
    }

    private static void ReadHost(string text, NpgsqlConnectionStringBuilder builder)
    {
        if (text.Contains(',', StringComparison.Ordinal))
            throw ConnectionText.Invalid("names several hosts; a URI takes one");
        var bracket = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        if (text.StartsWith('[') && bracket < 0)
            throw ConnectionText.Invalid("has an IPv6 address without its closing bracket");
        var colon = text.IndexOf(':', Math.Max(bracket, 0));
        var host = bracket > 0 ? text[1..bracket] : Decode(colon < 0 ? text : text[..colon]);
        if (host.Length > 0)
            builder.Host = host;
        if (colon >= 0 && colon < text.Length - 1)
            builder.Port = ReadNumber(text[(colon + 1)..], 1, ushort.MaxValue);
    }

    private static void ReadParameters(string text, NpgsqlConnectionStringBuilder builder)
    {
        foreach (var pair in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw ConnectionText.Invalid("has a URI parameter without a value");
            SetParameter(Decode(pair[..equals]), Decode(pair[(equals + 1)..]), builder);
        }
    }

    private static void SetParameter(string name, string value, NpgsqlConnectionStringBuilder builder)
    {
        switch (name)
        {
            case "host": builder.Host = value; break;
            case "port": builder.Port = ReadNumber(value, 1, ushort.MaxValue); break;
            case "dbname": builder.Database = value; break;
            case "user": builder.Username = value; break;
            case "password": builder.Password = value; break;
            case "passfile": builder.Passfile = value; break;
            case "sslmode": builder.SslMode = ConnectionText.ReadSslMode(value); break;
            // "system" means the operating system's trust store, which is what .NET uses where no certificate is named.
            case "sslrootcert": builder.RootCertificate = value == "system" ? null : value; break;
            case "sslcert": builder.SslCertificate = value; break;
            case "sslkey": builder.SslKey = value; break;
            case "sslpassword": builder.SslPassword = value; break;
            case "application_name": builder.ApplicationName = value; break;
            case "connect_timeout": builder.Timeout = ReadNumber(value, 0, 1024); break;
            case "options": builder.Options = value; break;
            default:
                throw ConnectionText.Invalid(
                    "has a URI parameter that is none of host, port, dbname, user, password, passfile, sslmode, "
                    + "sslrootcert, sslcert, sslkey, sslpassword, application_name, connect_timeout, options");
        }
    }

    private static int ReadNumber(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
        && number <= most
            ? number
            : throw ConnectionText.Invalid("has a port or time-out that is no number in its range");

    private static string Decode(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '%' && (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1])
                || !char.IsAsciiHexDigit(text[i + 2])))
                throw ConnectionText.Invalid(
                    "has a '%' that no two hexadecimal digits follow; a '%' itself is written %25");
        return Uri.UnescapeDataString(text);
    }
}
