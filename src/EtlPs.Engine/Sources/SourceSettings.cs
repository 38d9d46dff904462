using System.Globalization;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>How to reach a Postgres database. Holds the password; no text made of it does.</summary>
public sealed class SourceSettings
{
    internal const string OwnApplicationName = "EtlPs";

    private SourceSettings(NpgsqlConnectionStringBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Host))
            throw ConnectionText.Invalid("names no host");
        builder.Username ??= Environment.GetEnvironmentVariable("PGUSER") ?? Environment.UserName;
        // Both as libpq and Npgsql do; written down, because the database is part of a pipeline's identity.
        if (string.IsNullOrEmpty(builder.Database))
            builder.Database = builder.Username;
        if (string.IsNullOrEmpty(builder.ApplicationName))
            builder.ApplicationName = OwnApplicationName;
        // Error details and logged parameters are rows' values.
        builder.IncludeErrorDetail = false;
        builder.LogParameters = false;
        ConnectionString = builder.ConnectionString;
        HasPassword = builder.Password is not null;
        Options = ConnectionOptions.Of(builder);
        Host = builder.Host;
        Port = builder.Port;
        Database = builder.Database;
        UserName = builder.Username;
    }

    /// <summary>Host name, address or socket folder.</summary>
    public string Host { get; }

    /// <summary>TCP port.</summary>
    public int Port { get; }

    /// <summary>Database name.</summary>
    public string Database { get; }

    /// <summary>Role name.</summary>
    public string? UserName { get; }

    /// <summary>All other settings that were given, by Npgsql's keyword; no secret is among them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; }

    /// <summary>Whether a password was given, here or in the text.</summary>
    public bool HasPassword { get; }

    /// <summary>With the password: never shown, logged or stored.</summary>
    internal string ConnectionString { get; }

    /// <summary>
    /// Reads a keyword connection string or a <c>postgres://</c> URI. A password may also come from pgpass.
    /// </summary>
    /// <exception cref="Pipelines.Errors.EtlException">InvalidArgument: it can be neither.</exception>
    public static SourceSettings Parse(string text) => new(ConnectionText.Read(text));

    /// <summary>Settings from their parts; a null part keeps Npgsql's default.</summary>
    /// <param name="host">Host name, address or socket folder.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="database">Database; null: the role's name.</param>
    /// <param name="userName">Role; null: PGUSER or the user of the operating system.</param>
    /// <param name="password">Password; null: pgpass, a certificate, or none.</param>
    /// <param name="sslMode">disable, allow, prefer, require, verify-ca or verify-full.</param>
    /// <param name="rootCertificate">File with the root certificate that the server's must come from.</param>
    /// <param name="applicationName">What pg_stat_activity shows; null: EtlPs.</param>
    /// <exception cref="Pipelines.Errors.EtlException">InvalidArgument.</exception>
    public static SourceSettings Create(
        string host,
        int port = 5432,
        string? database = null,
        string? userName = null,
        string? password = null,
        string? sslMode = null,
        string? rootCertificate = null,
        string? applicationName = null)
    {
        if (port is < 1 or > ushort.MaxValue)
            throw ConnectionText.Invalid("has a port outside 1 to 65535");
        var builder = new NpgsqlConnectionStringBuilder { Host = ConnectionText.RequireHost(host), Port = port };
        if (database is not null)
            builder.Database = database;
        if (userName is not null)
            builder.Username = userName;
        if (password is not null)
            builder.Password = password;
        if (sslMode is not null)
            builder.SslMode = ConnectionText.ReadSslMode(sslMode);
        if (rootCertificate is not null)
            builder.RootCertificate = rootCertificate;
        if (applicationName is not null)
            builder.ApplicationName = applicationName;
        return new SourceSettings(builder);
    }

    /// <summary>Settings from what <see cref="Options"/> and the properties beside it told, and a password.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">InvalidArgument: an option is none, or is a secret.</exception>
    public static SourceSettings Restore(
        string host, int port, string database, string? userName, string? password,
        IReadOnlyDictionary<string, string> options)
    {
        var builder = ConnectionOptions.Read(options);
        builder.Host = ConnectionText.RequireHost(host);
        builder.Port = port is >= 1 and <= ushort.MaxValue
            ? port
            : throw ConnectionText.Invalid("has a port outside 1 to 65535");
        builder.Database = database;
        if (userName is not null)
            builder.Username = userName;
        if (password is not null)
            builder.Password = password;
        return new SourceSettings(builder);
    }

    /// <summary>Host, port, database and user, without secrets: <c>shop on db1:5432 as etl</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Database} on {Host}:{Port} as {UserName}");
}
