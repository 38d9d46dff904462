using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication;

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
/// <param name="SafeWalSize">Bytes that may still be written before the slot is in danger; null: no limit is
/// set.</param>
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
    TimeSpan? TimeLag)
{
    /// <summary>Why it is lost, in the server's word (Postgres 17 and later).</summary>
    public string? Invalidation { get; init; }

    /// <summary>What to do about a slot that is lost or about to be; null: nothing.</summary>
    public string? Remedy => SlotLoss.Advise(WalStatus, Invalidation);

    /// <summary>When it was read, by the server's clock.</summary>
    public DateTimeOffset ReadAt { get; init; }

    /// <summary>Whether it decodes changes, as pipelines' slots do, or feeds a standby.</summary>
    public bool IsLogical { get; init; }

    /// <summary>
    /// WAL that the server writes, bytes per second: since its last checkpoint began, or since an earlier look; null:
    /// not known.
    /// </summary>
    public double? WalRate { get; init; }

    /// <summary>Since when no session streams from it (Postgres 17 and later).</summary>
    public DateTimeOffset? InactiveSince { get; init; }

    /// <summary>idle_replication_slot_timeout (Postgres 18 and later); null: none.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>The oldest transaction of the server; null: none has written.</summary>
    public OldestTransaction? Oldest { get; init; }

    /// <summary>
    /// About how long until the server invalidates the slot, if it goes on writing as it does and nobody streams
    /// meanwhile; null: never, as far as is known, or it is lost.
    /// </summary>
    public TimeSpan? TimeLeft => WalStatus switch
    {
        "lost" => null,
        "unreserved" => TimeSpan.Zero,
        _ => new[] { TimeToFill, TimeToIdle }.Min(),
    };

    /// <summary>
    /// What keeps <see cref="RestartLsn"/> where it is: whatever accounts for the larger part of the retained WAL.
    /// </summary>
    public string? HeldBy => this switch
    {
        { WalStatus: "lost" } => null,
        { Active: false, InactiveSince: { } since } => string.Create(
            CultureInfo.InvariantCulture, $"no reader since {since:yyyy-MM-dd HH:mm:ss} UTC"),
        { Active: false } => "no reader",
        { Oldest: { } oldest } when LagBytes < RetainedBytes / 2 => Describe(oldest),
        _ => $"its reader, pid {ActivePid}",
    };

    private TimeSpan? TimeToFill =>
        SafeWalSize is { } room && WalRate is > 0 and { } rate && room / rate < TimeSpan.MaxValue.TotalSeconds / 2
            ? TimeSpan.FromSeconds(Math.Max(0, Math.Floor(room / rate)))
            : null;

    private TimeSpan? TimeToIdle =>
        !Active && IdleTimeout is { } timeout && InactiveSince is { } since
            ? new[] { TimeSpan.Zero, since + timeout - ReadAt }.Max()
            : null;

    /// <summary>The same with the rate between an earlier look at the server and this one.</summary>
    public SlotLag Since(SlotLag earlier) => ReadAt > earlier.ReadAt
        ? this with { WalRate = (CurrentLsn - earlier.CurrentLsn) / (ReadAt - earlier.ReadAt).TotalSeconds }
        : this;

    private static string Describe(TimeSpan age) =>
        age.ToString(age.TotalDays >= 1 ? @"d\.hh\:mm\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture);

    private static string Describe(OldestTransaction oldest)
    {
        var who = oldest.Pid is { } pid ? $"transaction of pid {pid}" : $"prepared transaction '{oldest.PreparedName}'";
        var whose = string.Join(
            ", ", new[] { oldest.Role, oldest.Application }.Where(text => !string.IsNullOrEmpty(text)));
        return who + (whose.Length == 0 ? "" : $" ({whose})")
            + (oldest.Age is { } age ? $", open for {Describe(age)}" : "");
    }
}
