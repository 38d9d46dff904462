using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>Which tables a watch is about, and whether the source can show their changes. Reads only.</summary>
internal sealed class WatchPreparation(NpgsqlConnection connection, SourceSettings source, WatchOptions options)
{
    private readonly CatalogReader _catalog = new(connection);
    private readonly Preflight _preflight = new(connection, source);

    /// <summary>The tables that a publication has to be made for; null: there is one.</summary>
    public async Task<IReadOnlyList<TableName>?> RunAsync(CancellationToken cancellationToken)
    {
        await _preflight.CheckServerAsync(cancellationToken).ConfigureAwait(false);
        await _preflight.CheckReplicationAsync(cancellationToken).ConfigureAwait(false);
        if (options.Publication is null) return await TablesToPublishAsync(cancellationToken).ConfigureAwait(false);
        await CheckPublicationAsync(options.Publication, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private async Task<IReadOnlyList<TableName>> TablesToPublishAsync(CancellationToken cancellationToken)
    {
        var tables = await _catalog.ReadTablesAsync(options.Tables, cancellationToken).ConfigureAwait(false);
        if (tables.Count == 0)
            throw new EtlException(
                EtlErrorCode.TableNotFound,
                $"There is no table to watch in {source}.",
                "Check the database name and the role's rights.");
        await _preflight.CheckPublishableAsync(tables, cancellationToken).ConfigureAwait(false);
        return [.. tables.Select(t => t.Name)];
    }

    private async Task CheckPublicationAsync(string name, CancellationToken cancellationToken)
    {
        if (await new PublicationCatalog(connection).FindAsync(name, cancellationToken).ConfigureAwait(false) is null)
            throw new EtlException(
                EtlErrorCode.PublicationUnusable,
                $"Publication {name} does not exist in {source}.",
                "Name one that is there; a pipeline's own exists from its first backfill or stream on. With -Source "
                + "and without -Publication one is made for the time of the watch.")
            {
                Subject = name,
            };
        var published = await _catalog.RequirePublishedTablesAsync(name, cancellationToken).ConfigureAwait(false);
        foreach (var pattern in options.Tables.Select(TablePattern.Parse))
            if (!pattern.HasWildcard && !published.Any(t => pattern.Matches(t.Name)))
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"{pattern} is no table of publication {name}.",
                    "Check schema and name, or let the table's owner add it. Write \"…\" around upper case; "
                    + "without a schema it is public.")
                {
                    Subject = pattern.Text,
                };
    }
}
