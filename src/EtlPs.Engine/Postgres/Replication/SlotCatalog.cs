using EtlPs.Engine.Changes;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Replication slots, by their exact names.</summary>
internal sealed class SlotCatalog(NpgsqlConnection connection)
{
    // pg_locks shows everyone's locks to everyone, where pg_stat_activity hides other roles' transactions.
    private const string Blockers = """
        SELECT pg_catalog.format('pid %s (%s%s), in a transaction%s', l.pid, COALESCE(a.usename::text, '?'),
                   CASE WHEN COALESCE(a.application_name, '') = '' THEN '' ELSE ', ' || a.application_name END,
                   COALESCE(' since ' || pg_catalog.to_char(
                       a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), ''))
        FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
          AND l.pid IS NOT NULL AND l.pid <> pg_catalog.pg_backend_pid()
        UNION ALL
        SELECT pg_catalog.format('prepared transaction %L (%s) since %s', p.gid, p.owner,
                   pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'))
        FROM pg_catalog.pg_prepared_xacts AS p
        ORDER BY 1
        """;

    public async Task<SlotInfo?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            """
            SELECT s.slot_name::text, s.plugin::text, s.database::text, s.temporary, s.active, s.active_pid,
                   s.restart_lsn::text, s.confirmed_flush_lsn::text, s.wal_status,
                       pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
                   COALESCE((pg_catalog.to_jsonb(s) ->> 'failover')::bool, false)
            FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_name = $1
            """,
            r => new SlotInfo(
                r.GetString(0), r.GetText(1), r.GetText(2), r.GetBoolean(3), r.GetBoolean(4), r.GetNullable<int>(5),
                ReadLsn(r, 6), ReadLsn(r, 7), r.GetText(8), r.GetText(9), r.GetBoolean(10)),
            cancellationToken,
            name).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>All logical slots of the server, by name.</summary>
    public async Task<IReadOnlyList<ReplicationSlot>> ReadAsync(CancellationToken cancellationToken) =>
        await connection.ReadAsync(
            // By way of jsonb: servers before 17 have none of the three.
            $"""
            SELECT s.slot_name::text, s.plugin::text, s.database::text, s.temporary, s.active, s.active_pid,
                   (pg_catalog.to_jsonb(s) ->> 'inactive_since')::timestamptz, s.restart_lsn::text,
                       s.confirmed_flush_lsn::text,
                   CASE WHEN s.wal_status <> 'lost'
                        THEN pg_catalog.pg_wal_lsn_diff({ServerIdentity.WalEndExpression}, s.restart_lsn)::int8 END,
                   s.wal_status, pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
                   COALESCE((pg_catalog.to_jsonb(s) ->> 'failover')::bool, false)
            FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_type = 'logical'
                ORDER BY s.slot_name::text COLLATE "C"
            """,
            r => new ReplicationSlot(
                r.GetString(0), r.GetString(1), r.GetString(2), r.GetBoolean(3), r.GetBoolean(4), r.GetNullable<int>(5),
                r.GetNullable<DateTimeOffset>(6), ReadLsn(r, 7), ReadLsn(r, 8), r.GetNullable<long>(9), r.GetText(10),
                r.GetText(11),
                r.GetBoolean(12)),
            cancellationToken).ConfigureAwait(false);

    /// <summary>The statement that drops a slot, for people to read.</summary>
    public static string DropStatement(string name) => $"SELECT pg_drop_replication_slot('{name}')";

    /// <summary>Drops it; nothing happens where there is none. An active one cannot be dropped.</summary>
    public Task DropAsync(string name, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            """
            SELECT pg_catalog.pg_drop_replication_slot(slot_name)
            FROM pg_catalog.pg_replication_slots WHERE slot_name = $1
            """,
            cancellationToken,
            name);

    /// <summary>Uses it for a moment and leaves it where it is, so that the server does not count it as idle.</summary>
    public Task TouchAsync(string name, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            """
            SELECT pg_catalog.pg_replication_slot_advance(slot_name, confirmed_flush_lsn)
            FROM pg_catalog.pg_replication_slots WHERE slot_name = $1
            """,
            cancellationToken,
            name);

    /// <summary>
    /// Who holds up the making of a slot, which waits for every transaction then running that has written.
    /// </summary>
    public async Task<IReadOnlyList<string>> ReadBlockersAsync(CancellationToken cancellationToken) =>
        await connection.ReadAsync(Blockers, r => r.GetString(0), cancellationToken).ConfigureAwait(false);

    private static Lsn? ReadLsn(NpgsqlDataReader reader, int ordinal) =>
        reader.GetText(ordinal) is { } text ? Lsn.Parse(text) : null;
}
