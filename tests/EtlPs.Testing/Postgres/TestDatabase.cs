using Npgsql;

namespace EtlPs.Testing.Postgres;

/// <summary>
/// One test's database on a shared server; dropped, with its slots and prepared transactions, when disposed.
/// </summary>
public sealed class TestDatabase(PostgresServer server, string name) : IAsyncDisposable
{
    /// <summary>The server that it is on.</summary>
    public PostgresServer Server { get; } = server;

    /// <summary>Its name, which is in a..z, 0..9 and _ and good for slots and files too.</summary>
    public string Name { get; } = name;

    /// <summary>The superuser's connection string.</summary>
    public string ConnectionString => Server.ConnectionString(Name);

    /// <summary>Runs SQL as the superuser.</summary>
    public Task ExecuteAsync(string sql, CancellationToken cancellationToken = default) =>
        Server.ExecuteAsync(Name, sql, cancellationToken);

    /// <summary>The first value of the first row.</summary>
    public Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken = default) =>
        Server.ScalarAsync<T>(Name, sql, cancellationToken);

    /// <summary>Opens a connection of the superuser.</summary>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken = default) =>
        Server.OpenAsync(Name, cancellationToken);

    /// <summary>
    /// Drops the database; a slot or a prepared transaction would hold it, and the whole server's WAL.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        while (await ScalarAsync<string?>("SELECT min(gid) FROM pg_prepared_xacts WHERE database = current_database()")
            is { } prepared)
            await ExecuteAsync($"ROLLBACK PREPARED '{prepared.Replace("'", "''")}'");
        await Server.ExecuteAsync(
            "postgres",
            $"""
            SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots
             WHERE database = '{Name}' AND active_pid IS NOT NULL;
            SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
             WHERE database = '{Name}' AND NOT temporary;
            """);
        await Server.ExecuteAsync("postgres", $"DROP DATABASE IF EXISTS \"{Name}\" WITH (FORCE)");
    }
}
