namespace EtlPs.Testing.Postgres;

/// <summary>Writes a cluster's postgresql.conf and pg_hba.conf.</summary>
internal static class ServerConfiguration
{
    /// <summary>Members of this role have to give a password; all others are trusted.</summary>
    public const string PasswordRole = "etlps_password_needed";

    public static async Task WriteAsync(
        string cluster, PostgresServerOptions options, CancellationToken cancellationToken)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["listen_addresses"] = "127.0.0.1",
            ["unix_socket_directories"] = OperatingSystem.IsWindows() ? "" : cluster,
            ["wal_level"] = options.WalLevel,
            ["max_wal_senders"] = options.WalLevel == "minimal" ? "0" : "50",
            ["max_replication_slots"] = "50",
            ["max_connections"] = "200",
            ["max_prepared_transactions"] = "20",
            ["shared_buffers"] = "256MB",
            ["max_wal_size"] = "4GB",
            // Without a limit each first start warns, as it should.
            ["max_slot_wal_keep_size"] = "8GB",
            // With "off" a commit returns before its WAL is flushed, so that pg_current_wal_flush_lsn() can lie behind
            // it; without fsync "on" costs next to nothing.
            ["synchronous_commit"] = "on",
            ["fsync"] = options.Fsync ? "on" : "off",
            ["full_page_writes"] = options.Fsync ? "on" : "off",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
        };
        foreach ((string name, string value) in options.Settings)
            settings[name] = value;

        await File.AppendAllLinesAsync(
            Path.Combine(cluster, "postgresql.conf"),
            settings.Select(setting => $"{setting.Key} = '{setting.Value.Replace("'", "''")}'"),
            cancellationToken);
        await File.WriteAllLinesAsync(
            Path.Combine(cluster, "pg_hba.conf"),
            [
                $"host all +{PasswordRole} all scram-sha-256",
                "host all all all trust",
                "host replication all all trust",
                .. OperatingSystem.IsWindows() ? (string[])[] : ["local all all trust", "local replication all trust"],
            ],
            cancellationToken);
    }
}
