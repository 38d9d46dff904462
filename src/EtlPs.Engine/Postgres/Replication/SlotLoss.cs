namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// Why the server invalidates a slot, by its own words in pg_replication_slots.invalidation_reason (17 and later).
/// </summary>
internal static class SlotLoss
{
    /// <summary>What to do now, whatever the cause.</summary>
    public const string CopyAnew = "Use -Restart: it makes a new slot and copies the tables again. ";

    private const string WalRemoved = "wal_removed";
    private const string RowsRemoved = "rows_removed";
    private const string WalLevelInsufficient = "wal_level_insufficient";
    private const string IdleTimeout = "idle_timeout";

    /// <summary>What happened, to follow a colon.</summary>
    /// <param name="cause">The server's word; null: it does not say, as before 17, where it was nearly always removed
    /// WAL.</param>
    public static string Describe(string? cause) => cause switch
    {
        null or WalRemoved => "Postgres has removed WAL that it needed",
        IdleTimeout => "nothing streamed from it for longer than idle_replication_slot_timeout allows (idle_timeout)",
        RowsRemoved => "a standby removed old catalog rows that it needed (rows_removed)",
        WalLevelInsufficient => "the wal_level of the primary was not logical for a while (wal_level_insufficient)",
        _ => $"the server says {cause}",
    };

    /// <summary>What to do, now and so that it does not come again.</summary>
    public static string Remedy(string? cause) => CopyAnew + cause switch
    {
        null or WalRemoved => "So that it lasts, raise max_slot_wal_keep_size or run the stream more often.",
        IdleTimeout => "So that it lasts, raise idle_replication_slot_timeout or run the stream more often.",
        RowsRemoved => "So that it lasts, set hot_standby_feedback on the standby, or stream from the primary.",
        WalLevelInsufficient => "So that it lasts, leave wal_level at logical on the primary.",
        _ => "The server's log says more.",
    };

    /// <summary>What to do about a slot in a state (pg_replication_slots.wal_status); null: nothing.</summary>
    public static string? Advise(string? walStatus, string? cause) => walStatus switch
    {
        "lost" => Remedy(cause),
        "unreserved" =>
            "It is lost at the source's next checkpoint: let its stream run, or raise max_slot_wal_keep_size now.",
        _ => null,
    };
}
