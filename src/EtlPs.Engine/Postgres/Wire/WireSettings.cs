using System.Net;
using Npgsql;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>
/// What this transport needs of a connection string. The one place that decides which connections it opens.
/// </summary>
internal sealed record WireSettings
{
    // Keywords that are spoken here, or that mean nothing to a single COPY session. With any other Npgsql opens the
    // session, so that whatever it understands keeps working: several hosts, client certificates, Kerberos, revocation
    // lists …
    private static readonly HashSet<string> s_known = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Port", "Database", "Username", "Password", "Passfile", "Application Name", "Options", "Timeout",
        "SSL Mode", "Root Certificate", "TCP Keepalive", "TCP Keepalive Time", "TCP Keepalive Interval",
        "GSS Encryption Mode", "Pooling", "Minimum Pool Size", "Maximum Pool Size", "Connection Idle Lifetime",
        "Connection Pruning Interval", "Connection Lifetime", "Enlist", "Multiplexing", "Command Timeout",
        "Internal Command Timeout",
        "Cancellation Timeout", "Keepalive", "Read Buffer Size", "Write Buffer Size", "Include Error Detail",
        "Log Parameters",
        "Persist Security Info", "Max Auto Prepare", "Auto Prepare Min Usages", "No Reset On Close",
        "Include Failed Batched Command", "Load Table Composites", "Array Nullability Mode", "Client Encoding",
        "Encoding", "Timezone",
    };

    // Npgsql takes these from the environment; so would the session that this one replaces.
    private static readonly string[] s_unknownVariables =
        ["PGSSLCERT", "PGSSLKEY", "PGSSLNEGOTIATION", "PGREQUIREAUTH", "PGTARGETSESSIONATTRS"];

    private WireSettings(NpgsqlConnectionStringBuilder builder)
    {
        Host = builder.Host!;
        Port = builder.Port;
        Database = builder.Database!;
        User = builder.Username!;
        Password = builder.Password ?? Environment.GetEnvironmentVariable("PGPASSWORD") ?? PasswordFile.Find(builder);
        ApplicationName = builder.ApplicationName;
        Options = builder.Options;
        SslMode = builder.SslMode;
        RootCertificate = builder.RootCertificate
            ?? Environment.GetEnvironmentVariable("PGSSLROOTCERT") ?? PostgresFolder.Find("root.crt");
        Timeout = builder.Timeout == 0
            ? System.Threading.Timeout.InfiniteTimeSpan
            : TimeSpan.FromSeconds(builder.Timeout);
        KeepAlive = builder.TcpKeepAlive || builder.TcpKeepAliveTime > 0;
        KeepAliveTime = builder.TcpKeepAliveTime;
        KeepAliveInterval = builder.TcpKeepAliveInterval > 0 ? builder.TcpKeepAliveInterval : builder.TcpKeepAliveTime;
    }

    public string Host { get; }

    public int Port { get; }

    public string Database { get; }

    public string User { get; }

    public string? Password { get; }

    public string? ApplicationName { get; }

    public string? Options { get; }

    /// <summary>What the server converts text to.</summary>
    public string ClientEncoding { get; init; } = "UTF8";

    /// <summary>Whether the session is to be a walsender's.</summary>
    public bool IsReplication { get; init; }

    public SslMode SslMode { get; }

    public string? RootCertificate { get; }

    /// <summary>For the whole of connecting, TLS and authentication.</summary>
    public TimeSpan Timeout { get; }

    public bool KeepAlive { get; }

    public int KeepAliveTime { get; }

    public int KeepAliveInterval { get; }

    /// <summary>The socket's path; null: TCP.</summary>
    public string? UnixSocket => Host.StartsWith('/') ? $"{Host}/.s.PGSQL.{Port}" : null;

    /// <summary>Reads a connection string; null: leave the session to Npgsql.</summary>
    public static WireSettings? TryRead(NpgsqlConnectionStringBuilder builder) =>
        builder.Keys.All(s_known.Contains)
        && builder.GssEncryptionMode == GssEncryptionMode.Disable
        && !s_unknownVariables.Any(IsSet)
        && IsSingleHost(builder.Host)
        && !string.IsNullOrEmpty(builder.Username)
        && !string.IsNullOrEmpty(builder.Database)
        && (builder.SslMode is SslMode.Disable || !HasClientCertificate())
            ? new WireSettings(builder)
            : null;

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{Database} on {Host}:{Port}";

    // Npgsql's '@' is an abstract Unix socket, and a colon gives a port.
    private static bool IsSingleHost(string? host) =>
        !string.IsNullOrEmpty(host) && host[0] != '@' && !host.Contains(',', StringComparison.Ordinal)
        && (host[0] == '/' || !host.Contains(':', StringComparison.Ordinal) || IPAddress.TryParse(host, out _))
        && !(OperatingSystem.IsWindows() && host.Contains('\\', StringComparison.Ordinal));

    private static bool HasClientCertificate() => PostgresFolder.Find("postgresql.crt") is not null;

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
