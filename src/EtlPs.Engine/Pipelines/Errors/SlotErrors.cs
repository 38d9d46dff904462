namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>A slot from which nothing can be had any more.</summary>
internal static class SlotErrors
{
    /// <param name="slot">The slot.</param>
    /// <param name="invalidation">Why, in the server's word (17 and later).</param>
    public static EtlException Lost(string slot, string? invalidation = null) => new(
        EtlErrorCode.SlotLost,
        invalidation is null or "wal_removed"
            ? $"Replication slot {slot} was invalidated: Postgres has removed WAL that it needed."
            : $"Replication slot {slot} was invalidated by the server ({invalidation}).",
        invalidation == "idle_timeout"
            ? "Use -Restart to copy anew, and raise idle_replication_slot_timeout or run the stream more often."
            : "Use -Restart to copy anew, and raise max_slot_wal_keep_size or run the stream more often.")
    {
        Subject = slot,
    };

    public static EtlException DroppedInMidCopy(string slot) => new(
        EtlErrorCode.SlotMissing,
        $"Replication slot {slot} was dropped while tables were copied: no stream can go on from this copy.",
        "Use -Restart to copy anew.")
    {
        Subject = slot,
    };
}
