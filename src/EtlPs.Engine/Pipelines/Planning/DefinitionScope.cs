using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// Which tables a definition means by now, for a pipeline that goes on: those that it names and that are not copied yet
/// join, and none that is followed may be left out, for its rows would stand still at the destination as if nothing had
/// changed.
/// </summary>
internal sealed class DefinitionScope(
    PipelineDefinition definition, CatalogReader catalog, IReadOnlyList<TableRecord> known)
{
    private readonly TableExclusion _exclusion = new(definition);
    private readonly List<TablePattern> _patterns = [.. definition.Tables.Select(TablePattern.Parse)];

    /// <summary>Whether a table is named for itself: then whatever keeps it from joining is an error.</summary>
    public bool Names(TableName table) => _patterns.Any(p => !p.HasWildcard && p.Matches(table));

    /// <summary>
    /// The tables that the definition names and that are not known, in their order, and the exclusions that leave none
    /// of them out.
    /// </summary>
    /// <param name="published">The tables of a publication that a DBA made; null: the pipeline has its own, or
    /// none.</param>
    /// <param name="isFollowed">Whether a stream follows.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="EtlException">
    /// DefinitionChanged: a followed table is left out by now. TableNotFound: a name is no table's.
    /// PublicationUnusable: the publication does not have a table that is named.
    /// </exception>
    public async Task<(IReadOnlyList<TableSchema> Tables, IReadOnlyList<TablePattern> IdleExclusions)> FindNewAsync(
        IReadOnlyList<TableSchema>? published, bool isFollowed, CancellationToken cancellationToken)
    {
        var named = await RequireAsync(isFollowed, cancellationToken).ConfigureAwait(false);
        var candidates = published is null ? named : Published(named, published);
        var partitions = await ReadPartitionsAsync(candidates, cancellationToken).ConfigureAwait(false);
        return (
            [.. candidates.Where(t => IsNew(t) && !partitions.Contains(t.Name))],
            _exclusion.FindIdle([.. candidates.Select(t => t.Name)]));
    }

    /// <summary>The tables that the patterns name, if none that is followed is left out.</summary>
    /// <inheritdoc cref="FindNewAsync" path="/exception"/>
    public async Task<IReadOnlyList<TableSchema>> RequireAsync(bool isFollowed, CancellationToken cancellationToken)
    {
        var named = await ReadNamedAsync(isFollowed, cancellationToken).ConfigureAwait(false);
        await RequireFollowedAsync(named, cancellationToken).ConfigureAwait(false);
        return named;
    }

    // Whatever became of a table that is known by its name is told by the looks at what is followed.
    private async Task<IReadOnlyList<TableSchema>> ReadNamedAsync(bool isFollowed, CancellationToken cancellationToken)
    {
        var open = _patterns.Where(p => p.HasWildcard || !known.Any(t => p.Matches(t.Source))).Select(p => p.Text)
            .ToList();
        return open.Count == 0 && _patterns.Count > 0
            ? []
            : await catalog.ReadTablesAsync(open, cancellationToken, isFollowed).ConfigureAwait(false);
    }

    /// <summary>A table may have been renamed, or be gone: neither is left out by the definition.</summary>
    private async Task RequireFollowedAsync(IReadOnlyList<TableSchema> named, CancellationToken cancellationToken)
    {
        var left = known.Where(t => t.State != TableState.SetAside
            && (_exclusion.Covers(t.Source) || !IsNamed(t, named))).ToList();
        if (left.Count == 0) return;
        var there = await catalog.ReadTablesByOidAsync([.. left.Select(t => t.Oid)], cancellationToken)
            .ConfigureAwait(false);
        if (left.Find(t => there.ContainsKey(t.Oid)) is { } table) throw LeftOut(table.Source);
    }

    private bool IsNamed(TableRecord table, IReadOnlyList<TableSchema> named) =>
        _patterns.Count == 0 || _patterns.Any(p => p.Matches(table.Source)) || named.Any(n => n.Oid == table.Oid);

    private IReadOnlyList<TableSchema> Published(IReadOnlyList<TableSchema> named, IReadOnlyList<TableSchema> published)
    {
        if (_patterns.Count == 0) return published;
        var required = named.Where(t => IsNew(t) && Names(t.Name)).ToList();
        PublishedTables.Select(published, required, definition);
        var oids = named.Select(t => t.Oid).ToHashSet();
        return [.. published.Where(t => oids.Contains(t.Oid))];
    }

    /// <summary>The partitions of what is copied as a whole.</summary>
    private async Task<HashSet<TableName>> ReadPartitionsAsync(
        IReadOnlyList<TableSchema> candidates, CancellationToken cancellationToken)
    {
        if (!candidates.Any(IsNew)) return [];
        var roots = known.Where(t => t.Schema.Kind == 'p').Select(t => t.Oid).ToList();
        return [.. await catalog.ReadPartitionNamesAsync(roots, cancellationToken).ConfigureAwait(false)];
    }

    // A table made again under a known name is another one; its rows have no name at the destination while the earlier
    // ones are there.
    private bool IsNew(TableSchema table) =>
        known.All(t => t.Oid != table.Oid && t.Source != table.Name) && !_exclusion.Covers(table.Name);

    private EtlException LeftOut(TableName table) => new(
        EtlErrorCode.DefinitionChanged,
        $"Pipeline {definition.Name} follows {table}, and "
        + $"{(_exclusion.Covers(table) ? "-ExcludeTable leaves it out" : "-Table does not name it")} as it is defined "
        + "now.",
        "Define the pipeline as before, or begin anew without the table with -Restart.")
    {
        Subject = table.ToString(),
    };
}
