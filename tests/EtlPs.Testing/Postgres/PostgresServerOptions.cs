namespace EtlPs.Testing.Postgres;

/// <summary>How a throw-away server is set up.</summary>
public sealed record PostgresServerOptions
{
    /// <summary>The setting wal_level.</summary>
    public string WalLevel { get; init; } = "logical";

    /// <summary>
    /// Whether the server flushes to disk; only tests that crash the operating system's cache need it.
    /// </summary>
    public bool Fsync { get; init; }

    /// <summary>
    /// The major version; null: what the environment says, else 15 where it is installed, else whatever is.
    /// </summary>
    public int? Version { get; init; }

    /// <summary>The encoding of the template databases.</summary>
    public string Encoding { get; init; } = "UTF8";

    /// <summary>Further lines of postgresql.conf, by name; values are quoted here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
