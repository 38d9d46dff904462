namespace EtlPs.Engine.Postgres.Replication;

/// <summary>How long both ends of a stream may be silent.</summary>
/// <param name="StatusInterval">How often we report: at most a third of what the server waits for.</param>
/// <param name="LongestSilence">After how long a server that says nothing, though asked, counts as gone.</param>
internal sealed record WalSenderPatience(TimeSpan StatusInterval, TimeSpan LongestSilence)
{
    private static readonly TimeSpan LongestStatusInterval = TimeSpan.FromSeconds(10);

    // A server is slow to answer while it decodes a large transaction; a network that swallows everything shows by
    // nothing else. A minute is what Postgres's own subscriptions wait.
    private static readonly TimeSpan ShortestSilence = TimeSpan.FromMinutes(1);

    /// <summary>What holds for a session that has not said yet how long its server waits.</summary>
    public static TimeSpan ToOpen(TimeSpan? longestSilence) => longestSilence ?? ShortestSilence;

    /// <param name="walSenderTimeout">What SHOW says of wal_sender_timeout.</param>
    /// <param name="longestSilence">What a user wants; null: as the server's own setting suggests.</param>
    public static WalSenderPatience Of(string walSenderTimeout, TimeSpan? longestSilence)
    {
        var timeout = ServerDuration.Read(walSenderTimeout);
        var interval = timeout > TimeSpan.Zero && timeout / 3 < LongestStatusInterval
            ? timeout / 3
            : LongestStatusInterval;
        return new WalSenderPatience(
            interval, longestSilence ?? (timeout > ShortestSilence ? timeout : ShortestSilence));
    }
}
