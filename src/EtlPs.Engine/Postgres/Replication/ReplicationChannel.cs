using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Opens streams: over the transport of our own where that speaks what the settings ask for.</summary>
internal static class ReplicationChannel
{
    /// <inheritdoc cref="NpgsqlReplicationChannel.OpenAsync"/>
    public static async Task<IReplicationChannel> OpenAsync(
        PostgresConnector connector, string slot, string publication, Lsn start, CancellationToken cancellationToken) =>
        await WireReplicationChannel.TryOpenAsync(connector, slot, publication, start, cancellationToken).ConfigureAwait(false)
        ?? (IReplicationChannel)await NpgsqlReplicationChannel
            .OpenAsync(connector, slot, publication, start, cancellationToken).ConfigureAwait(false);
}
