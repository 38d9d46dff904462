using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>How far the source has written its WAL.</summary>
internal sealed class SourcePosition(PostgresConnector connector, NpgsqlConnection connection)
{
    private static readonly TimeSpan LagTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The end of the WAL that is flushed now.</summary>
    public async Task<Lsn> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command =
                new NpgsqlCommand("SELECT pg_catalog.pg_current_wal_flush_lsn()::pg_catalog.text", connection);
            return Lsn.Parse((string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw connector.Translate(e);
        }
    }

    /// <summary>
    /// Bytes of WAL beyond <paramref name="stored"/>; null when the source does not say. The session may have idled for
    /// hours: a stream that ended well must not fail for it.
    /// </summary>
    public async Task<long?> TryReadLagAsync(Lsn stored)
    {
        using var timeout = new CancellationTokenSource(LagTimeout);
        try
        {
            var current = await ReadAsync(timeout.Token).ConfigureAwait(false);
            return current > stored ? current - stored : 0;
        }
        catch (Exception e) when (e is EtlException or OperationCanceledException)
        {
            return null;
        }
    }
}
