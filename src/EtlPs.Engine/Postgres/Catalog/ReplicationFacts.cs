using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>What a server offers for logical replication, and what is wrong with it.</summary>
/// <param name="WalLevel">wal_level.</param>
/// <param name="MayReplicate">Whether the role may.</param>
/// <param name="Slots">max_replication_slots.</param>
/// <param name="UsedSlots">Slots that exist, of all databases.</param>
/// <param name="Senders">max_wal_senders.</param>
/// <param name="UsedSenders">Walsenders that run.</param>
/// <param name="IsStandby">Whether it is in recovery.</param>
internal sealed record ReplicationFacts(
    string WalLevel, bool MayReplicate, int Slots, int UsedSlots, int Senders, int UsedSenders, bool IsStandby)
{
    // rds_replication stands for REPLICATION where a provider gives that to nobody. Slots and walsenders of all roles
    // show.
    private const string Query = """
        SELECT pg_catalog.current_setting('wal_level'),
               (SELECT r.rolsuper OR r.rolreplication FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
               OR EXISTS (SELECT FROM pg_catalog.pg_roles AS r
                          WHERE r.rolname = 'rds_replication' AND pg_catalog.pg_has_role(r.oid, 'USAGE')),
               pg_catalog.current_setting('max_replication_slots')::int4,
               (SELECT pg_catalog.count(*)::int4 FROM pg_catalog.pg_replication_slots),
               pg_catalog.current_setting('max_wal_senders')::int4,
               (SELECT pg_catalog.count(*)::int4 FROM pg_catalog.pg_stat_activity WHERE backend_type = 'walsender'),
               pg_catalog.pg_is_in_recovery()
        """;

    public static async Task<ReplicationFacts> ReadAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.ReadAsync(
            Query,
            r => new ReplicationFacts(
                r.GetString(0), r.GetBoolean(1), r.GetInt32(2), r.GetInt32(3), r.GetInt32(4), r.GetInt32(5),
                r.GetBoolean(6)),
            cancellationToken).ConfigureAwait(false))[0];

    public EtlException? WalLevelProblem(SourceSettings source) =>
        WalLevel == "logical" ? null : ServerErrors.WalLevelNotLogical(source, null);

    public EtlException? RightProblem(SourceSettings source) =>
        MayReplicate ? null : ServerErrors.ReplicationRightMissing(source, null);

    public EtlException? StandbyProblem(SourceSettings source) => !IsStandby ? null : new EtlException(
        EtlErrorCode.InvalidArgument,
        $"The server at {source.Host}:{source.Port} is a standby, on which no publication can be made.",
        "Name the primary. A one-off copy can come from a standby: -SnapshotOnly.");

    public EtlException? SenderProblem() => UsedSenders < Senders
        ? null
        : ServerErrors.NoFreeSlot(null, "All walsenders of the server are taken", "max_wal_senders");

    /// <param name="hasOwnSlot">Whether the pipeline's slot is among those that exist.</param>
    public EtlException? SlotProblem(bool hasOwnSlot) => UsedSlots < Slots || hasOwnSlot
        ? null
        : ServerErrors.NoFreeSlot(null, "All replication slots of the server are taken", "max_replication_slots");
}
