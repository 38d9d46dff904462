using Npgsql;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Reads what Postgres keeps for slots.</summary>
internal static class SlotRoomReader
{
    private const string Limit = """
        NULLIF(pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_slot_wal_keep_size')), -1)
        """;

    // Units and all: '1h'. Null before 18, and where it is 0, which is the default.
    private const string IdleTimeout =
        "NULLIF(pg_catalog.current_setting('idle_replication_slot_timeout', true)::interval, interval '0')";

    // By way of jsonb: servers before 17 have neither of the two.
    private const string Room = $"""
        SELECT s.wal_status, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), s.restart_lsn)::int8,
               s.safe_wal_size, {Limit}, pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
               COALESCE(
                   NOT s.active AND (pg_catalog.to_jsonb(s) ->> 'inactive_since')::timestamptz
                   < pg_catalog.clock_timestamp() - {IdleTimeout} / 3, false)
        FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_name = $1
        """;

    /// <summary>Null: there is no slot of that name.</summary>
    public static async Task<SlotRoom?> FindAsync(
        NpgsqlConnection connection, string slot, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            Room,
            r => new SlotRoom(
                r.GetText(0), r.GetNullable<long>(1), r.GetNullable<long>(2), r.GetNullable<long>(3), r.GetText(4),
                r.GetBoolean(5)),
            cancellationToken,
            slot).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>max_slot_wal_keep_size in bytes; null: no limit.</summary>
    public static async Task<long?> ReadLimitAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.ReadAsync($"SELECT {Limit}", r => r.GetNullable<long>(0), cancellationToken)
            .ConfigureAwait(false))[0];
}
