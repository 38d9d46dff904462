using System.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>
/// A publication for as long as somebody watches. Its session holds an advisory lock, by which others see that it is in
/// use: what a watch left that was killed is dropped by the next.
/// </summary>
internal sealed class TemporaryPublication : IAsyncDisposable
{
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

    /// <summary>
    /// The name for the publication of a watch's slot: like it, but with a sign that no pipeline's name has.
    /// </summary>
    public static string NameFor(string slot) => slot.Replace('_', '-');

    /// <summary>
    /// What killed watches left, as far as the role may drop it. A watch's publication is in use while its session has
    /// the lock, and while its slot is there, which a watch has that lost the session. A name is used once: what is
    /// found does not come back to use.
    /// </summary>
    public static async Task<IReadOnlyList<string>> FindLeftoversAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) => await connection.ReadAsync(
        """
        SELECT p.pubname::text FROM pg_catalog.pg_publication AS p
        WHERE p.pubname::text ~ '^etlps-watch-[0-9a-f]{32}$' AND pg_catalog.pg_has_role(p.pubowner, 'USAGE')
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_locks AS l
              JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
              WHERE l.locktype = 'advisory' AND l.classid = $1::oid
                  AND l.objid = pg_catalog.hashtext(p.pubname::text)::oid
                AND l.objsubid = 2)
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_replication_slots AS s
              WHERE s.slot_name::text = pg_catalog.translate(p.pubname::text, '-', '_'))
        ORDER BY 1
        """,
        r => r.GetString(0), cancellationToken, LockSpace).ConfigureAwait(false);

    /// <summary>Makes it.</summary>
    /// <param name="source">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tables">What it publishes.</param>
    /// <param name="leftovers">Publications of killed watches, which are dropped before.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public static async Task<TemporaryPublication> CreateAsync(
        PostgresConnector source, string name, IReadOnlyList<TableName> tables, IReadOnlyList<string> leftovers,
        CancellationToken cancellationToken)
    {
        var session = await source.OpenAsync(cancellationToken).ConfigureAwait(false);
        var publication = new TemporaryPublication(source, session, name);
        try
        {
            await session.ExecuteAsync(
                "SELECT pg_catalog.pg_advisory_lock($1, pg_catalog.hashtext($2))", cancellationToken, LockSpace, name)
                .ConfigureAwait(false);
            var publications = new PublicationCatalog(session);
            foreach (var left in leftovers) await publications.DropAsync(left, cancellationToken).ConfigureAwait(false);
            await publications.CreateAsync(name, tables, cancellationToken).ConfigureAwait(false);
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
            await DropAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or Errors.EtlException)
        {
            // A server that is gone: what ended the watch is told, and the next one drops the publication.
        }
    }

    private async Task DropAsync(CancellationToken cancellationToken)
    {
        var publications = new PublicationCatalog(_session);
        try
        {
            await publications.DropAsync(_name, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (_session.State != ConnectionState.Open && !cancellationToken.IsCancellationRequested)
        {
            // That a session broke while it was idle shows only now that it is used.
            await _source.ReopenAsync(_session, cancellationToken).ConfigureAwait(false);
            await publications.DropAsync(_name, cancellationToken).ConfigureAwait(false);
        }
    }
}
