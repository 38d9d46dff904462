using EtlPs.Engine.Sources;

namespace EtlPs.Model;

/// <summary>A logical replication slot of a server; goes on to Remove-EtlSlot and Get-EtlSlotLag.</summary>
public sealed class EtlSlot
{
    internal EtlSlot(EtlSource source, ReplicationSlot slot, string? definedAs)
    {
        Source = source;
        SlotName = slot.Name;
        Pipeline = definedAs ?? slot.PipelineName;
        Defined = definedAs is not null;
        Plugin = slot.Plugin;
        Database = slot.Database;
        Temporary = slot.Temporary;
        Active = slot.Active;
        ActivePid = slot.ActivePid;
        InactiveSince = slot.InactiveSince;
        RestartLsn = slot.RestartLsn?.ToString();
        ConfirmedFlushLsn = slot.ConfirmedFlushLsn?.ToString();
        RetainedBytes = slot.RetainedBytes;
        WalStatus = slot.WalStatus;
        Invalidation = slot.Invalidation;
        Failover = slot.Failover;
        Remedy = slot.Remedy;
    }

    /// <summary>The server.</summary>
    public EtlSource Source { get; }

    /// <summary>The slot.</summary>
    public string SlotName { get; }

    /// <summary>
    /// The pipeline whose slot it is: one of this session, or the one whose name it bears; null: it is not a
    /// pipeline's.
    /// </summary>
    public string? Pipeline { get; }

    /// <summary>Whether that pipeline is defined in this session.</summary>
    public bool Defined { get; }

    /// <summary>The output plugin; pipelines use pgoutput.</summary>
    public string Plugin { get; }

    /// <summary>The database that it decodes.</summary>
    public string Database { get; }

    /// <summary>Whether it goes with the session that made it.</summary>
    public bool Temporary { get; }

    /// <summary>Whether a session streams from it.</summary>
    public bool Active { get; }

    /// <summary>That session's process on the server.</summary>
    public int? ActivePid { get; }

    /// <summary>Since when no session streams from it, UTC; known by Postgres 17 and later.</summary>
    public DateTimeOffset? InactiveSince { get; }

    /// <summary>The server keeps its WAL from here on.</summary>
    public string? RestartLsn { get; }

    /// <summary>Everything up to here is stored at the destination.</summary>
    public string? ConfirmedFlushLsn { get; }

    /// <summary>Bytes of WAL that the slot keeps on the server's disk; null: it is lost and keeps none.</summary>
    public long? RetainedBytes { get; }

    /// <summary>reserved, extended, unreserved or lost.</summary>
    public string? WalStatus { get; }

    /// <summary>Why it is lost, in the server's word; known by Postgres 17 and later.</summary>
    public string? Invalidation { get; }

    /// <summary>
    /// Whether standbys may keep a copy of it, to go on from after a failover; Postgres 17 and later.
    /// </summary>
    public bool Failover { get; }

    /// <summary>What to do about a slot that is lost or about to be; null: nothing.</summary>
    public string? Remedy { get; }

    /// <inheritdoc/>
    public override string ToString() => SlotName;
}
