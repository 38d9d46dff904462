using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Sources;

/// <summary>How far a replication slot is behind its server.</summary>
/// <param name="SlotName">The slot.</param>
/// <param name="Active">Whether a session streams from it.</param>
/// <param name="ActivePid">That session's process.</param>
/// <param name="RestartLsn">WAL from here on is kept.</param>
/// <param name="ConfirmedFlushLsn">Everything up to here is stored at the destination.</param>
/// <param name="CurrentLsn">The server's own flush position.</param>
/// <param name="LagBytes">WAL between confirmed and current.</param>
/// <param name="RetainedBytes">WAL between restart and current: what the slot keeps on the server's disk.</param>
/// <param name="WalStatus">reserved, extended, unreserved, lost.</param>
/// <param name="SafeWalSize">Bytes that may still be written before the slot is in danger; null: no limit is set.</param>
/// <param name="TimeLag">flush_lag while a session streams, else null.</param>
public sealed record SlotLag(
    string SlotName,
    bool Active,
    int? ActivePid,
    Lsn? RestartLsn,
    Lsn? ConfirmedFlushLsn,
    Lsn CurrentLsn,
    long? LagBytes,
    long? RetainedBytes,
    string? WalStatus,
    long? SafeWalSize,
    TimeSpan? TimeLag);
