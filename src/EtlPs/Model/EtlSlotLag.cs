using EtlPs.Engine.Sources;

namespace EtlPs.Model;

/// <summary>How far a replication slot is behind its server.</summary>
public sealed class EtlSlotLag
{
    internal EtlSlotLag(string? pipeline, SlotLag lag)
    {
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
        SafeWalSize = lag.SafeWalSize;
        TimeLag = lag.TimeLag;
    }

    /// <summary>The pipeline; null where a slot was asked for by its own name.</summary>
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

    /// <summary>Bytes of WAL that the slot keeps on the server's disk.</summary>
    public long? RetainedBytes { get; }

    /// <summary>reserved, extended, unreserved or lost.</summary>
    public string? WalStatus { get; }

    /// <summary>Bytes that may be written before the slot is in danger; null: no limit is set.</summary>
    public long? SafeWalSize { get; }

    /// <summary>Time lag while a session streams, else null.</summary>
    public TimeSpan? TimeLag { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{SlotName}: {LagBytes} bytes behind";
}
