namespace EtlPs.Engine.Postgres.Replication;

/// <summary>What Postgres keeps for a slot, and how much more it will.</summary>
/// <param name="WalStatus">reserved, extended, unreserved or lost.</param>
/// <param name="KeptBytes">WAL between the slot and the server's end; null: nothing is kept any more.</param>
/// <param name="SafeBytes">WAL that may still be written before the slot is in danger; null: no limit is set, or it is
/// lost.</param>
/// <param name="LimitBytes">max_slot_wal_keep_size; null: no limit.</param>
/// <param name="Invalidation">Why it is lost, in the server's word (17 and later).</param>
/// <param name="Idles">Whether a good part of the time is over after which the server drops a slot that nobody uses (18
/// and later).</param>
internal sealed record SlotRoom(
    string? WalStatus, long? KeptBytes, long? SafeBytes, long? LimitBytes, string? Invalidation, bool Idles);
