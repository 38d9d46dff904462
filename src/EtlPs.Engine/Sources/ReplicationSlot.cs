using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Sources;

/// <summary>A logical replication slot of a server; slot names are one for all of its databases.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plugin">The output plugin.</param>
/// <param name="Database">The database that it decodes.</param>
/// <param name="Temporary">Whether it goes with the session that made it.</param>
/// <param name="Active">Whether a session streams from it.</param>
/// <param name="ActivePid">That session's process.</param>
/// <param name="InactiveSince">Since when no session does, UTC (Postgres 17 and later).</param>
/// <param name="RestartLsn">WAL from here on is kept.</param>
/// <param name="ConfirmedFlushLsn">Everything up to here is stored at the destination.</param>
/// <param name="RetainedBytes">WAL that the slot keeps on the server's disk; null: it is lost and keeps none.</param>
/// <param name="WalStatus">reserved, extended, unreserved or lost.</param>
/// <param name="Invalidation">Why it is lost, in the server's word (Postgres 17 and later).</param>
/// <param name="Failover">Whether standbys may keep a copy of it (Postgres 17 and later).</param>
public sealed record ReplicationSlot(
    string Name,
    string Plugin,
    string Database,
    bool Temporary,
    bool Active,
    int? ActivePid,
    DateTimeOffset? InactiveSince,
    Lsn? RestartLsn,
    Lsn? ConfirmedFlushLsn,
    long? RetainedBytes,
    string? WalStatus,
    string? Invalidation,
    bool Failover)
{
    /// <summary>What to do about a slot that is lost or about to be; null: nothing.</summary>
    public string? Remedy => SlotLoss.Advise(WalStatus, Invalidation);

    /// <summary>Whether its name and plugin are those that pipelines and watches use.</summary>
    public bool IsOurs => Plugin == "pgoutput" && Name.StartsWith("etlps_", StringComparison.Ordinal);

    /// <summary>The pipeline whose name it bears; null where it bears none.</summary>
    public string? PipelineName => IsOurs && !Temporary ? Name["etlps_".Length..] : null;
}
