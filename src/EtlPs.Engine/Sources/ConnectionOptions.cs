using System.Globalization;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>
/// The settings of a connection that may be written down: all but secrets, and those that are told apart or are ours.
/// </summary>
internal static class ConnectionOptions
{
    public static IReadOnlyDictionary<string, string> Of(NpgsqlConnectionStringBuilder builder)
    {
        var options = new NpgsqlConnectionStringBuilder(builder.ConnectionString)
        {
            Host = null, Database = null, Username = null, Password = null, SslPassword = null,
        };
        foreach (var key in new[] { "Port", "Include Error Detail", "Log Parameters" })
            options.Remove(key);
        if (options.ApplicationName == SourceSettings.OwnApplicationName)
            options.ApplicationName = null;
        return options.Keys.Order(StringComparer.Ordinal)
            .ToDictionary(key => key, key => Convert.ToString(options[key], CultureInfo.InvariantCulture)
                ?? "", StringComparer.Ordinal);
    }

    public static NpgsqlConnectionStringBuilder Read(IReadOnlyDictionary<string, string> options)
    {
        var builder = new NpgsqlConnectionStringBuilder();
        foreach (var (key, value) in options)
        {
            try
            {
                builder[key] = value;
            }
            catch (Exception e)
                when (e is ArgumentException or FormatException or InvalidCastException or OverflowException
                or NotSupportedException or KeyNotFoundException)
            {
                // Not kept as the inner exception: its message repeats keyword and value.
                throw ConnectionText.Invalid(
                    "has an option that Npgsql does not know, or with a value that it does not take");
            }
        }
        return builder.Password is null && builder.SslPassword is null
            ? builder
            : throw ConnectionText.Invalid("has a password among its options, where none may be");
    }
}
