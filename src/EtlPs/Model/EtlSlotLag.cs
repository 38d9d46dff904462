using EtlPs.Engine.Sources;

namespace EtlPs.Model;

/// <summary>How far a replication slot is behind its server; goes on to Get-EtlSlot and Remove-EtlSlot.</summary>
public sealed class EtlSlotLag
{
    internal EtlSlotLag(EtlSource source, string? pipeline, SlotLag lag)
    {
        Source = source;
        Name = pipeline;
        SlotName = lag.SlotName;
        Active = lag.Active;
        ActivePid = lag.ActivePid;
        RestartLsn = lag.RestartLsn?.ToString();
        ConfirmedFlushLsn = lag.ConfirmedFlushLsn?.ToString();
        CurrentLsn = lag.CurrentLsn.ToString();
        LagBytes = lag.LagBytes;
        RetainedBytes = lag.RetainedBytes;
        WalStatus = lag.WalStatus;
        Invalidation = lag.Invalidation;
        Remedy = lag.Remedy;
        SafeWalSize = lag.SafeWalSize;
        TimeLag = lag.TimeLag;
        WalBytesPerSecond = lag.WalRate;
        TimeLeft = lag.TimeLeft;
        HeldBy = lag.HeldBy;
        OldestTransactionPid = lag.Oldest?.Pid;
        OldestTransactionAge = lag.Oldest?.Age;
        InactiveSince = lag.InactiveSince;
        ReadAt = lag.ReadAt;
    }

    /// <summary>The server.</summary>
    public EtlSource Source { get; }

    /// <summary>The pipeline; null where a slot was asked for by its own name, or is not a pipeline's.</summary>
    public string? Name { get; }

    /// <summary>The slot.</summary>
    public string SlotName { get; }

    /// <summary>Whether a session streams from it.</summary>
    public bool Active { get; }

    /// <summary>That session's process on the server.</summary>
    public int? ActivePid { get; }

    /// <summary>The server keeps its WAL from here on.</summary>
    public string? RestartLsn { get; }

    /// <summary>Everything up to here is stored at the destination.</summary>
    public string? ConfirmedFlushLsn { get; }

    /// <summary>The server's own position.</summary>
    public string CurrentLsn { get; }

    /// <summary>Bytes of WAL between confirmed and current.</summary>
    public long? LagBytes { get; }

    /// <summary>Bytes of WAL that the slot keeps on the server's disk; null: it is lost and keeps none.</summary>
    public long? RetainedBytes { get; }

    /// <summary>reserved, extended, unreserved or lost.</summary>
    public string? WalStatus { get; }

    /// <summary>Why it is lost, in the server's word; known by Postgres 17 and later.</summary>
    public string? Invalidation { get; }

    /// <summary>What to do about a slot that is lost or about to be; null: nothing.</summary>
    public string? Remedy { get; }

    /// <summary>Bytes that may be written before the slot is in danger; null: no limit is set.</summary>
    public long? SafeWalSize { get; }

    /// <summary>Time lag while a session streams, else null.</summary>
    public TimeSpan? TimeLag { get; }

    /// <summary>
    /// What the server writes: between two looks with -RefreshInterval, else since its last checkpoint began; null:
    /// that was just now.
    /// </summary>
    public double? WalBytesPerSecond { get; }

    /// <summary>
    /// About how long until the server invalidates the slot, if it goes on writing as it does and nobody streams; null:
    /// never, as far as is known, or it is lost.
    /// </summary>
    public TimeSpan? TimeLeft { get; }

    /// <summary>What keeps RestartLsn where it is: no reader, its reader, or the oldest transaction.</summary>
    public string? HeldBy { get; }

    /// <summary>
    /// The process of the server's oldest transaction that has written; null: there is none, or it is a prepared one.
    /// </summary>
    public int? OldestTransactionPid { get; }

    /// <summary>How long that transaction is open.</summary>
    public TimeSpan? OldestTransactionAge { get; }

    /// <summary>Since when no session streams from it, UTC; known by Postgres 17 and later.</summary>
    public DateTimeOffset? InactiveSince { get; }

    /// <summary>When this was so, by the server's clock, UTC.</summary>
    public DateTimeOffset ReadAt { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{SlotName}: {LagBytes} bytes behind";
}
