using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Sets tables aside that the stream alone would let diverge in silence: tables that the publication does not have any
/// more, or has with other rows, tables that were altered, or whose types were, and partitioned tables whose partitions
/// came or went with rows in them, are unlogged or foreign, or do not log what rows are found by.
/// </summary>
internal sealed class SourceCheck(PipelineRun run)
{
    // A network may swallow what it is given without closing anything.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly PartitionCheck _partitions = new(run);
    private readonly SchemaCheck _schemas = new(run);
    private readonly TypeCheck _types = new(run);
    private readonly HashSet<uint> _told = [];
    private readonly BarePartitionWarning _bare = new(run);
    private bool _isLocked;

    /// <summary>What tells that it is time for another check.</summary>
    public CatalogWatch Watch { get; } = new(run);

    /// <summary>
    /// Where the stream has to be before it is known whether it explains what the last look has seen; null: nothing is
    /// open, or it could not be answered there.
    /// </summary>
    public Lsn? Due => _isLocked ? null : new[] { _partitions.Questions.Due, _schemas.Questions.Due }.Min();

    /// <summary>Returns the tables set aside.</summary>
    /// <exception cref="EtlException">ConnectionLost, too, when the source does not answer in time.</exception>
    public async Task<IReadOnlyList<TableCopyResult>> RunAsync(Lsn position, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Longest);
        try
        {
            return await CheckAsync(position, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw PostgresErrors.ConnectionLost(run.Definition.Source, e);
        }
    }

    private async Task<IReadOnlyList<TableCopyResult>> CheckAsync(Lsn position, CancellationToken cancellationToken)
    {
        var connection = await run.Source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        var setAside = new List<TableCopyResult>();
        try
        {
            await CheckAsync(connection, position, setAside, cancellationToken).ConfigureAwait(false);
            _isLocked = false;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // One table's lock must not hold up the stream of all others.
            Watch.Forget();
            TellLock();
        }
        return setAside;
    }

    private async Task CheckAsync(
        NpgsqlConnection connection, Lsn position, List<TableCopyResult> setAside, CancellationToken cancellationToken)
    {
        var tables = run.State.ReadTables().Where(t => t.State is TableState.Ready or TableState.CatchingUp).ToList();
        var look = await Watch.LookAsync(connection, tables, cancellationToken).ConfigureAwait(false);
        var catalog = new PartitionCatalog(connection);
        var published = look.Published.ToDictionary(t => t.Oid);
        var unfollowed = await catalog
            .FindUnfollowedAsync(tables.Select(t => t.Schema), run.Definition.Publication, cancellationToken)
            .ConfigureAwait(false);
        TellTablesNotFollowed(look.Published);
        await _bare.TellAsync(connection, look.Published, cancellationToken).ConfigureAwait(false);
        foreach (var questions in new[] { _partitions.Questions, _schemas.Questions })
            questions.Keep(tables.Select(t => t.Oid));
        foreach (var table in tables)
        {
            var problem = FindProblem(table, published)
                ?? unfollowed.GetValueOrDefault(table.Oid)?.SetAside(table.Source);
            if (problem is null && table.Schema.Kind == 'p')
                problem = await _partitions.FindProblemAsync(table, look.Trees, catalog, position, cancellationToken)
                    .ConfigureAwait(false);
            problem ??= _types.Follow(table, published[table.Oid])
                ?? await _schemas.FindProblemAsync(
                    table, published[table.Oid], look, catalog, position, cancellationToken).ConfigureAwait(false);
            if (problem is null) continue;
            setAside.Add(new TableQuarantine(run).SetAside(table, problem));
        }
    }

    private void TellLock()
    {
        if (_isLocked) return;
        _isLocked = true;
        run.Tell(
            $"A table of {run.Definition.Source} is locked, as by VACUUM FULL or ALTER TABLE: what is different in the "
            + "catalog since the tables were copied is looked at when it is free again. The stream goes on.",
            MilestoneLevel.Warning);
    }

    /// <summary>
    /// A publication that sends partitions as tables of their own sends those that are made later too: what is not
    /// followed must not be passed over in silence.
    /// </summary>
    private void TellTablesNotFollowed(IReadOnlyList<TableSchema> published)
    {
        if (run.Definition.Tables.Count > 0) return;
        var known = run.State.ReadTables().Select(t => t.Oid).ToHashSet();
        var excluded = new TableExclusion(run.Definition);
        var names = published.Where(t => !known.Contains(t.Oid) && !excluded.Covers(t.Name) && _told.Add(t.Oid))
            .Select(t => t.Name.ToString()).ToList();
        if (names.Count == 0) return;
        run.Tell(
            $"Publication {run.Definition.EffectivePublication} has tables that this pipeline does not follow: "
            + $"{string.Join(", ", names.Take(5))}{(names.Count > 5 ? " …" : "")}. The pipeline's next start takes "
            + "them up, unless something stands in the way that it tells.",
            MilestoneLevel.Warning);
    }

    private EtlException? FindProblem(TableRecord table, Dictionary<uint, TableSchema> published)
    {
        if (!published.TryGetValue(table.Oid, out var now)) return Unpublished(table.Source);
        if (now.RowFilter != table.Schema.RowFilter) return OtherRows(table.Source);
        return table.PublishedBy == 0 || table.PublishedBy == now.PublishedBy ? null : PublishedAgain(table.Source);
    }

    private EtlException Unpublished(TableName table) => new(
        EtlErrorCode.PublicationUnusable,
        $"Table {table} is no longer in publication {run.Definition.EffectivePublication}: its changes are not sent.",
        "If it was dropped, nothing is to be done; else put it back and copy the table again with Reset-EtlTable.")
    {
        Subject = table.ToString(),
    };

    private EtlException PublishedAgain(TableName table) => new(
        EtlErrorCode.PublicationUnusable,
        $"Table {table} was taken out of publication {run.Definition.EffectivePublication} and put back: what changed "
        + "in between was not sent.",
        "Copy the table again with Reset-EtlTable.")
    {
        Subject = table.ToString(),
    };

    private EtlException OtherRows(TableName table) => new(
        EtlErrorCode.SchemaChanged,
        $"The row filter of {table} in publication {run.Definition.EffectivePublication} is another one than when the "
        + "table was copied: the rows that it lets in or keeps out now are not sent.",
        "Copy the table again with Reset-EtlTable.")
    {
        Subject = table.ToString(),
    };
}
