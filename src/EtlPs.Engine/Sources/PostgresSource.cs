using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>What can be asked of a Postgres source apart from any pipeline. Reads only.</summary>
public sealed class PostgresSource(SourceSettings settings)
{
    private readonly PostgresConnector _connector = new(settings);

    /// <summary>How to reach it.</summary>
    public SourceSettings Settings { get; } = settings;

    /// <summary>
    /// What tells a running server from all others, by whatever name it was reached: clones and standbys have its
    /// system identifier too, but slots of their own, and another time of start.
    /// </summary>
    public async Task<string> ReadInstanceAsync(CancellationToken cancellationToken)
    {
        var found = await ReadAsync(
            connection => connection.ReadAsync(
                """
                SELECT s.system_identifier::text || ' ' || pg_catalog.pg_postmaster_start_time()::text
                FROM pg_catalog.pg_control_system() AS s
                """,
                r => r.GetString(0), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return found[0];
    }

    /// <summary>The lag of every slot of the server, by name.</summary>
    public async Task<IReadOnlyList<SlotLag>> ReadSlotLagsAsync(CancellationToken cancellationToken) => await ReadAsync(
        connection => SlotLagReader.ReadAsync(connection, cancellationToken), cancellationToken).ConfigureAwait(false);

    /// <summary>All logical replication slots of the server, by name.</summary>
    public Task<IReadOnlyList<ReplicationSlot>> ReadSlotsAsync(CancellationToken cancellationToken) => ReadAsync(
        connection => new SlotCatalog(connection).ReadAsync(cancellationToken), cancellationToken);

    /// <summary>The tables, views and foreign tables, by schema and name, and whether each could be streamed.</summary>
    /// <param name="patterns">Names as in SQL, with wildcards; empty: all. One without a wildcard must name a
    /// table.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="EtlException">TableNotFound, and whatever a connection can meet.</exception>
    public Task<IReadOnlyList<SourceTable>> ReadTablesAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken) => ReadAsync(
        connection => new SourceTableReader(connection, Settings).ReadAsync(patterns, cancellationToken),
        cancellationToken);

    /// <summary>Runs one statement in a read-only transaction.</summary>
    /// <exception cref="EtlException">QueryFailed, and whatever a connection can meet.</exception>
    public async Task<QueryResult> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        var connection = await _connector.OpenForUserAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.ExecuteAsync("BEGIN TRANSACTION READ ONLY", cancellationToken).ConfigureAwait(false);
                return await SourceQuery.RunAsync(connection, sql, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException e) when (!cancellationToken.IsCancellationRequested
                && connection.State == System.Data.ConnectionState.Open)
            {
                throw SourceQuery.Failed(e);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw _connector.Translate(e);
            }
        }
    }

    private async Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        var connection = await _connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        try
        {
            return await read(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw _connector.Translate(e);
        }
    }
}
