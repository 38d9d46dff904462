using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Opens streams: over the transport of our own where that speaks what the settings ask for.</summary>
internal static class ReplicationChannel
{
    /// <inheritdoc cref="NpgsqlReplicationChannel.OpenAsync"/>
    public static async Task<IReplicationChannel> OpenAsync(
        PostgresConnector connector, string slot, string publication, ValueFormat format, Lsn start,
        CancellationToken cancellationToken) =>
        await WireReplicationChannel.TryOpenAsync(connector, slot, publication, format, start, cancellationToken)
        .ConfigureAwait(false)
        ?? (IReplicationChannel)await NpgsqlReplicationChannel
            .OpenAsync(connector, slot, publication, format, start, cancellationToken).ConfigureAwait(false);
}
