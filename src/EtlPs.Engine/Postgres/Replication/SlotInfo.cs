using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>A row of pg_replication_slots.</summary>
internal sealed record SlotInfo(
    string Name,
    string? Plugin,
    string? Database,
    bool Temporary,
    bool Active,
    int? ActivePid,
    Lsn? RestartLsn,
    Lsn? ConfirmedFlushLsn,
    string? WalStatus,
    string? Invalidation,
    bool Failover);
