using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>What can be asked of a Postgres source apart from any pipeline. Reads only.</summary>
public sealed class PostgresSource(SourceSettings settings)
{
    // On a standby there is no current flush position, only what was replayed.
    private const string SlotLagQuery = """
        WITH now AS (
            SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                        ELSE pg_catalog.pg_current_wal_flush_lsn() END AS lsn)
        SELECT s.slot_name::text, s.active, s.active_pid, s.restart_lsn::text, s.confirmed_flush_lsn::text, now.lsn::text,
               pg_catalog.pg_wal_lsn_diff(now.lsn, s.confirmed_flush_lsn)::int8,
               pg_catalog.pg_wal_lsn_diff(now.lsn, s.restart_lsn)::int8,
               s.wal_status, s.safe_wal_size, CASE WHEN s.active THEN r.flush_lag END
        FROM pg_catalog.pg_replication_slots AS s CROSS JOIN now
        LEFT JOIN pg_catalog.pg_stat_replication AS r ON r.pid = s.active_pid
        WHERE s.slot_name = $1
        """;

    private readonly PostgresConnector _connector = new(settings);

    /// <summary>How to reach it.</summary>
    public SourceSettings Settings { get; } = settings;

    /// <summary>The lag of one slot.</summary>
    /// <exception cref="EtlException">SlotMissing, and whatever a connection can meet.</exception>
    public async Task<SlotLag> ReadSlotLagAsync(string slotName, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(
            connection => connection.ReadAsync(SlotLagQuery, ReadLag, cancellationToken, slotName), cancellationToken)
            .ConfigureAwait(false);
        return found.Count == 1 ? found[0] : throw new EtlException(
            EtlErrorCode.SlotMissing,
            $"There is no replication slot {slotName} on {Settings.Host}:{Settings.Port}.",
            "Check the name; a pipeline's slot exists from its first backfill or stream until it is removed.")
        {
            Subject = slotName,
        };
    }

    /// <summary>The tables, views and foreign tables, by schema and name, and whether each could be streamed.</summary>
    /// <param name="patterns">Names as in SQL, with wildcards; empty: all. One without a wildcard must name a table.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="EtlException">TableNotFound, and whatever a connection can meet.</exception>
    public Task<IReadOnlyList<SourceTable>> ReadTablesAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken) => ReadAsync(
        connection => new SourceTableReader(connection, Settings).ReadAsync(patterns, cancellationToken), cancellationToken);

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
            catch (PostgresException e) when (!cancellationToken.IsCancellationRequested && connection.State == System.Data.ConnectionState.Open)
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

    private static SlotLag ReadLag(NpgsqlDataReader reader) => new(
        reader.GetString(0),
        reader.GetBoolean(1),
        reader.GetNullable<int>(2),
        Lsn.TryParse(reader.GetText(3), out var restart) ? restart : null,
        Lsn.TryParse(reader.GetText(4), out var confirmed) ? confirmed : null,
        Lsn.Parse(reader.GetString(5)),
        reader.GetNullable<long>(6),
        reader.GetNullable<long>(7),
        reader.GetText(8),
        reader.GetNullable<long>(9),
        reader.GetNullable<TimeSpan>(10));
}
