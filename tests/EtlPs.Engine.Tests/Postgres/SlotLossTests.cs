using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Tests.Postgres;

/// <summary>Each cause that a server gives for a lost slot is told in words, with what to do about it.</summary>
public sealed class SlotLossTests
{
    [Theory]
    [InlineData(null, "removed WAL", "max_slot_wal_keep_size")]
    [InlineData("wal_removed", "removed WAL", "max_slot_wal_keep_size")]
    [InlineData("rows_removed", "catalog rows", "hot_standby_feedback")]
    [InlineData("wal_level_insufficient", "wal_level", "logical")]
    [InlineData("idle_timeout", "idle_replication_slot_timeout", "idle_replication_slot_timeout")]
    [InlineData("of_a_later_version", "of_a_later_version", "log")]
    public void A_cause_has_its_own_words_and_remedy(string? cause, string said, string advised)
    {
        var error = SlotErrors.Lost("etlps_shop", cause);

        Assert.Equal((EtlErrorCode.SlotLost, "etlps_shop"), (error.Code, error.Subject));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("Use -Restart", error.Remedy, StringComparison.Ordinal);
        Assert.Contains(advised, error.Remedy, StringComparison.Ordinal);
        Assert.Equal(error.Remedy, SlotLoss.Advise("lost", cause));
    }

    [Fact]
    public void Only_a_slot_in_danger_has_advice()
    {
        Assert.Null(SlotLoss.Advise("reserved", null));
        Assert.Null(SlotLoss.Advise("extended", null));
        Assert.Contains("next checkpoint", SlotLoss.Advise("unreserved", null), StringComparison.Ordinal);
    }
}
