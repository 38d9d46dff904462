using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>
/// A publication for as long as somebody watches. Its session holds an advisory lock, by which others see that it is in use:
/// what a watch left that was killed is dropped by the next.
/// </summary>
internal sealed class TemporaryPublication : IAsyncDisposable
{
    public const string Prefix = "etlps_watch_";

    // "etlw": the first half of the lock's key.
    private const int LockSpace = 0x65746C77;

    private static readonly TimeSpan LongestDrop = TimeSpan.FromSeconds(10);

    private readonly PostgresConnector _source;
    private readonly NpgsqlConnection _session;
    private readonly string _name;

    private TemporaryPublication(PostgresConnector source, NpgsqlConnection session, string name)
    {
        _source = source;
        _session = session;
        _name = name;
    }

    public static async Task<TemporaryPublication> CreateAsync(
        PostgresConnector source, string name, IReadOnlyList<TableName> tables, CancellationToken cancellationToken)
    {
        var session = await source.OpenAsync(cancellationToken).ConfigureAwait(false);
        var publication = new TemporaryPublication(source, session, name);
        try
        {
            await session.ExecuteAsync(
                "SELECT pg_catalog.pg_advisory_lock($1, pg_catalog.hashtext($2))", cancellationToken, LockSpace, name)
                .ConfigureAwait(false);
            await DropLeftoversAsync(session, cancellationToken).ConfigureAwait(false);
            await new PublicationCatalog(session).CreateAsync(name, tables, cancellationToken).ConfigureAwait(false);
            return publication;
        }
        catch (Exception e)
        {
            await publication.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw source.Translate(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await using var closing = _session.ConfigureAwait(false);
        // Not the watch's token: it may be what ends it.
        using var patience = new CancellationTokenSource(LongestDrop);
        try
        {
            if (_session.State != System.Data.ConnectionState.Open)
                await _source.ReopenAsync(_session, patience.Token).ConfigureAwait(false);
            await new PublicationCatalog(_session).DropAsync(_name, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or Errors.EtlException)
        {
            // A server that is gone: what ended the watch is told, and the next one drops the publication.
        }
    }

    private static async Task DropLeftoversAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        var left = await session.ReadAsync(
            """
            WITH candidates AS MATERIALIZED (
                SELECT p.pubname::text AS name FROM pg_catalog.pg_publication AS p
                WHERE pg_catalog.starts_with(p.pubname::text, $2) AND pg_catalog.pg_has_role(p.pubowner, 'USAGE'))
            SELECT name FROM candidates WHERE pg_catalog.pg_try_advisory_lock($1, pg_catalog.hashtext(name))
            """,
            r => r.GetString(0), cancellationToken, LockSpace, Prefix).ConfigureAwait(false);
        foreach (var name in left)
            await new PublicationCatalog(session).DropAsync(name, cancellationToken).ConfigureAwait(false);
    }
}
