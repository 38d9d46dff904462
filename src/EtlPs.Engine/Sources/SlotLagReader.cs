using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>Reads how far slots are behind, who holds them, and how fast their server writes.</summary>
internal static class SlotLagReader
{
    // A checkpoint's time has whole seconds: right after one there is no rate yet. pg_locks shows everyone's
    // transactions to everyone, where pg_stat_activity hides other roles'.
    private const string Lags = $"""
        WITH now AS (SELECT {ServerIdentity.WalEndExpression} AS lsn, pg_catalog.clock_timestamp() AS time),
        transactions AS (
            SELECT l.pid, NULL::text AS gid, a.usename::text AS role, a.application_name AS application,
                a.xact_start AS begun,
                   l.transactionid AS xid
            FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
            WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid IS NOT NULL
            UNION ALL
            SELECT NULL, p.gid, p.owner::text, NULL, p.prepared, p.transaction FROM pg_catalog.pg_prepared_xacts AS p),
        oldest AS (SELECT * FROM transactions ORDER BY pg_catalog.age(xid) DESC LIMIT 1)
        SELECT s.slot_name::text, s.active, s.active_pid, s.restart_lsn::text, s.confirmed_flush_lsn::text,
            now.lsn::text,
               pg_catalog.pg_wal_lsn_diff(now.lsn, s.confirmed_flush_lsn)::int8,
               CASE WHEN s.wal_status <> 'lost' THEN pg_catalog.pg_wal_lsn_diff(now.lsn, s.restart_lsn)::int8 END,
               s.wal_status, s.safe_wal_size, CASE WHEN s.active THEN r.flush_lag END, now.time,
                   s.slot_type = 'logical',
               CASE WHEN now.time > c.checkpoint_time + interval '10 s'
                    THEN (pg_catalog.pg_wal_lsn_diff(now.lsn,
                        c.redo_lsn) / EXTRACT(epoch FROM now.time - c.checkpoint_time))::float8 END,
               (pg_catalog.to_jsonb(s) ->> 'inactive_since')::timestamptz,
               NULLIF(pg_catalog.current_setting('idle_replication_slot_timeout', true)::interval, interval '0'),
               o.xid IS NOT NULL, o.pid, o.gid, o.role, o.application, now.time - o.begun,
               pg_catalog.to_jsonb(s) ->> 'invalidation_reason'
        FROM pg_catalog.pg_replication_slots AS s CROSS JOIN now CROSS JOIN pg_catalog.pg_control_checkpoint() AS c
        LEFT JOIN pg_catalog.pg_stat_replication AS r ON r.pid = s.active_pid
        LEFT JOIN oldest AS o ON true
        ORDER BY s.slot_name::text COLLATE "C"
        """;

    /// <summary>All slots of the server, by name.</summary>
    public static Task<List<SlotLag>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ReadAsync(Lags, Read, cancellationToken);

    private static SlotLag Read(NpgsqlDataReader reader) => new(
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
        reader.GetNullable<TimeSpan>(10))
    {
        ReadAt = reader.GetFieldValue<DateTimeOffset>(11),
        IsLogical = reader.GetBoolean(12),
        WalRate = reader.GetNullable<double>(13),
        InactiveSince = reader.GetNullable<DateTimeOffset>(14),
        IdleTimeout = reader.GetNullable<TimeSpan>(15),
        Oldest = reader.GetBoolean(16)
            ? new OldestTransaction(
                reader.GetNullable<int>(17), reader.GetText(18), reader.GetText(19), reader.GetText(20),
                reader.GetNullable<TimeSpan>(21))
            : null,
        Invalidation = reader.GetText(22),
    };
}
