using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>A slot from which nothing can be had any more.</summary>
internal static class SlotErrors
{
    /// <param name="slot">The slot.</param>
    /// <param name="invalidation">Why, in the server's word (17 and later); null: it does not say.</param>
    public static EtlException Lost(string slot, string? invalidation) => new(
        EtlErrorCode.SlotLost,
        $"Replication slot {slot} was invalidated: {SlotLoss.Describe(invalidation)}.",
        SlotLoss.Remedy(invalidation))
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
