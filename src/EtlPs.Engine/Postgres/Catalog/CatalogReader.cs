using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using Npgsql;
using NpgsqlTypes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>Tables, columns and keys as the catalog has them now.</summary>
internal sealed class CatalogReader(NpgsqlConnection connection)
{
    // Longer than statements that lock a table in passing.
    private const string LockPatience = "1s";

    // Long enough for DDL to pass, as a copy waits for its table.
    private const string LongPatience = "30s";

    /// <summary>
    /// The tables that the patterns name, by schema and name; no pattern: every table that the role can read.
    /// Wildcards, and no pattern, mean ordinary and partitioned tables whose changes are logged. Partitions are left
    /// out where a table that they belong to is in.
    /// </summary>
    /// <param name="patterns">Names as in SQL, with wildcards.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <param name="isFollowed">
    /// Whether a stream is to follow; else a name without a wildcard may also be a view's, a foreign table's or an
    /// unlogged table's.
    /// </param>
    /// <exception cref="EtlException">TableNotFound: a pattern names nothing, or what no stream follows.</exception>
    public async Task<IReadOnlyList<TableSchema>> ReadTablesAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken, bool isFollowed = true)
    {
        var parsed = patterns.Select(TablePattern.Parse).ToList();
        var all = await connection.ReadAsync(CatalogQueries.Tables, ReadTable, cancellationToken).ConfigureAwait(false);
        var selected = parsed.Count == 0
            ? all.Where(t => t is { Obstacle: null, Readable: true, OfExtension: false }).ToList()
            : Select(all, parsed, isFollowed);
        DropPartitions(selected);
        return await ReadSchemasAsync(selected, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// What a publication streams: its tables, roots in place of partitions where it says so, and its column lists and
    /// row filters.
    /// </summary>
    public async Task<IReadOnlyList<TableSchema>> ReadPublishedTablesAsync(
        string publication, CancellationToken cancellationToken)
    {
        var query = connection.PostgreSqlVersion.Major >= 15 ? CatalogQueries.Published15 : CatalogQueries.Published14;
        var published = await connection.ReadAsync(
            query,
            r => (
                Oid: r.GetFieldValue<uint>(0),
                Columns: r.IsDBNull(1) ? null : r.GetFieldValue<string[]>(1),
                RowFilter: r.GetText(2),
                PublishedBy: r.GetFieldValue<uint>(3)),
            cancellationToken,
            publication).ConfigureAwait(false);
        var all = await connection.ReadAsync(CatalogQueries.Tables, ReadTable, cancellationToken).ConfigureAwait(false);
        var tables = all.Where(t => published.Any(p => p.Oid == t.Oid)).ToList();
        // Postgres 14 lists them beside the table whose changes theirs are sent as.
        DropPartitions(tables);
        var columns = published.Where(p => p.Columns is not null)
            .ToDictionary(p => p.Oid, p => p.Columns!.ToHashSet(StringComparer.Ordinal));
        var entries = published.ToDictionary(p => p.Oid);
        var schemas = await ReadSchemasAsync(tables, columns, cancellationToken).ConfigureAwait(false);
        return [.. schemas.Select(
            t => t with { RowFilter = entries[t.Oid].RowFilter, PublishedBy = entries[t.Oid].PublishedBy })];
    }

    /// <summary>
    /// The same; null where one of the tables is locked. From Postgres 16 on asking for what is published waits for all
    /// of them.
    /// </summary>
    public async Task<IReadOnlyList<TableSchema>?> TryReadPublishedTablesAsync(
        string publication, CancellationToken cancellationToken)
    {
        try
        {
            return await WithinAsync(
                LockPatience, () => ReadPublishedTablesAsync(publication, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return null;
        }
    }

    /// <summary>The same, for whoever cannot do without.</summary>
    /// <exception cref="PostgresException">LockNotAvailable: one of the tables stays locked.</exception>
    public Task<IReadOnlyList<TableSchema>> RequirePublishedTablesAsync(
        string publication, CancellationToken cancellationToken) => WithinAsync(
            LongPatience, () => ReadPublishedTablesAsync(publication, cancellationToken), cancellationToken);

    /// <summary>One table; null where there is none of that oid.</summary>
    public async Task<TableSchema?> ReadTableAsync(uint oid, CancellationToken cancellationToken) =>
        (await ReadTablesByOidAsync([oid], cancellationToken).ConfigureAwait(false)).GetValueOrDefault(oid);

    /// <summary>The relations of these oids, of whatever kind; those that are gone are left out.</summary>
    public async Task<IReadOnlyDictionary<uint, TableSchema>> ReadTablesByOidAsync(
        IReadOnlyCollection<uint> oids, CancellationToken cancellationToken)
    {
        var tables = await connection.ReadAsync(CatalogQueries.TablesByOid, ReadTable, cancellationToken, Oids(oids))
            .ConfigureAwait(false);
        var schemas = await ReadSchemasAsync(tables, null, cancellationToken).ConfigureAwait(false);
        return schemas.ToDictionary(t => t.Oid);
    }

    /// <summary>The partitions, at any depth, of partitioned tables.</summary>
    public async Task<IReadOnlyList<TableName>> ReadPartitionNamesAsync(
        IEnumerable<uint> roots, CancellationToken cancellationToken) =>
        await connection.ReadAsync(
            CatalogQueries.PartitionNames, r => new TableName(r.GetString(0), r.GetString(1)), cancellationToken,
            Oids(roots))
            .ConfigureAwait(false);

    /// <summary>How large a table is now.</summary>
    public async Task<TableSize> ReadSizeAsync(uint oid, CancellationToken cancellationToken) =>
        (await ReadSizesAsync([oid], cancellationToken).ConfigureAwait(false))
        .GetValueOrDefault(oid, new TableSize(0, null));

    /// <summary>
    /// How large tables are now; those that are gone are left out. Where one of them is locked, all are told as they
    /// were last vacuumed: the look at the others is not held up.
    /// </summary>
    public async Task<IReadOnlyDictionary<uint, TableSize>> ReadSizesAsync(
        IReadOnlyCollection<uint> oids, CancellationToken cancellationToken)
    {
        try
        {
            return await WithinAsync(
                LockPatience, () => ReadSizesAsync(CatalogQueries.Sizes, oids, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return await ReadEstimatedSizesAsync(oids, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// How large tables were when they were last vacuumed or analysed, which waits for nobody's lock.
    /// </summary>
    public Task<IReadOnlyDictionary<uint, TableSize>> ReadEstimatedSizesAsync(
        IReadOnlyCollection<uint> oids, CancellationToken cancellationToken) =>
        ReadSizesAsync(CatalogQueries.SizesWithoutLocks, oids, cancellationToken);

    internal static NpgsqlParameter Oid(uint oid) => new() { Value = oid, NpgsqlDbType = NpgsqlDbType.Oid };

    internal static NpgsqlParameter Oids(IEnumerable<uint> oids) =>
        new() { Value = oids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid };

    private async Task<T> WithinAsync<T>(string patience, Func<Task<T>> read, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var ending = transaction.ConfigureAwait(false);
        await connection.ExecuteAsync($"SET LOCAL lock_timeout = '{patience}'", cancellationToken)
            .ConfigureAwait(false);
        return await read().ConfigureAwait(false);
    }

    private async Task<IReadOnlyDictionary<uint, TableSize>> ReadSizesAsync(
        string query, IReadOnlyCollection<uint> oids, CancellationToken cancellationToken)
    {
        var sizes = await connection.ReadAsync(
            query,
            r => (Oid: r.GetFieldValue<uint>(0),
                Size: new TableSize(r.GetNullable<long>(1) ?? 0, r.GetNullable<long>(2))),
            cancellationToken,
            Oids(oids)).ConfigureAwait(false);
        return sizes.ToDictionary(s => s.Oid, s => s.Size);
    }

    /// <summary>Takes out what is a part of another one.</summary>
    private static void DropPartitions(List<CatalogTable> tables)
    {
        var oids = tables.Select(t => t.Oid).ToHashSet();
        tables.RemoveAll(t => t.Ancestors.Any(oids.Contains));
    }

    private static List<CatalogTable> Select(List<CatalogTable> all, List<TablePattern> patterns, bool isFollowed)
    {
        var selected = new List<CatalogTable>();
        foreach (var pattern in patterns)
        {
            var matches = all
                .Where(t => pattern.Matches(t.Name) && !(pattern.HasWildcard && t.Obstacle is not null)).ToList();
            if (matches.Count == 0)
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"{pattern} names no table of the source.",
                    "Check schema and name: write \"…\" around upper case; "
                    + "without a schema it is public. Wildcards leave out views, foreign and unlogged tables, which "
                    + "-SnapshotOnly copies where each is named.")
                {
                    Subject = pattern.Text,
                };
            if (isFollowed && matches.Find(t => t.Obstacle is not null) is { } unfollowed)
                throw unfollowed.Obstacle!;
            selected.AddRange(matches);
        }

        return [.. selected.DistinctBy(t => t.Oid)];
    }

    private static CatalogTable ReadTable(NpgsqlDataReader reader) => new(
        reader.GetFieldValue<uint>(0),
        new TableName(reader.GetString(1), reader.GetString(2)),
        reader.GetFieldValue<char>(3),
        reader.GetFieldValue<char>(4) switch
        {
            'n' => ReplicaIdentity.Nothing,
            'f' => ReplicaIdentity.Full,
            'i' => ReplicaIdentity.Index,
            _ => ReplicaIdentity.Default,
        },
        reader.GetFieldValue<char>(5),
        reader.GetFieldValue<uint[]>(6),
        reader.GetBoolean(7),
        reader.GetBoolean(8));

    private async Task<IReadOnlyList<TableSchema>> ReadSchemasAsync(
        List<CatalogTable> tables, Dictionary<uint, HashSet<string>>? published, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return [];
        var oids = tables.Select(t => t.Oid).ToArray();
        var found = await connection.ReadAsync(CatalogQueries.Columns, ReadColumn, cancellationToken, Oids(oids))
            .ConfigureAwait(false);
        var types = await TypeCatalog.ReadAsync(connection, found.Select(c => c.Type), cancellationToken)
            .ConfigureAwait(false);
        var columns = found.ToLookup(c => c.Table);
        var keys = (await connection.ReadAsync(
            CatalogQueries.Keys,
            r => (Table: r.GetFieldValue<uint>(0),
                Key: new CatalogKey(r.GetBoolean(1), r.GetBoolean(2), r.GetFieldValue<short[]>(3))),
            cancellationToken,
            Oids(oids)).ConfigureAwait(false)).ToLookup(k => k.Table, k => k.Key);
        // Postgres 18 can publish stored generated columns; then its view lists them. Before, pgoutput leaves them out.
        var publishesGenerated = connection.PostgreSqlVersion.Major >= 18;
        return [.. tables
            .OrderBy(t => t.Name.Schema, StringComparer.Ordinal).ThenBy(t => t.Name.Name, StringComparer.Ordinal)
            .Select(t =>
            {
                var list = published?.GetValueOrDefault(t.Oid);
                var copied = columns[t.Oid]
                    .Where(c => list is null ? !c.Generated : list.Contains(c.Name)
                        && (!c.Generated || publishesGenerated))
                    .ToList();
                var described = copied.Select(c => c.Describe(types)).ToList();
                return new TableSchema(
                    t.Oid, t.Name, described, CatalogKey.Select(t.Identity, [.. keys[t.Oid]], described), t.Identity,
                    t.Kind)
                {
                    HasGenerated = copied.Any(c => c.Generated),
                    FileNode = columns[t.Oid].FirstOrDefault()?.FileNode ?? 0,
                };
            })];
    }

    private static CatalogColumn ReadColumn(NpgsqlDataReader reader) => new(
        reader.GetFieldValue<uint>(0),
        reader.GetInt16(1),
        reader.GetString(2),
        reader.GetFieldValue<uint>(3),
        reader.GetInt32(4),
        reader.GetInt32(8),
        reader.GetString(5),
        reader.GetBoolean(6),
        reader.GetBoolean(7),
        uint.Parse(reader.GetString(9), CultureInfo.InvariantCulture),
        reader.GetFieldValue<uint>(10));
}
