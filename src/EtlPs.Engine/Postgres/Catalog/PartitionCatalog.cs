using System.Globalization;
using EtlPs.Engine.Changes;
using Npgsql;
using NpgsqlTypes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>The trees of partitioned tables as they are now, and what their rows tell of the past.</summary>
internal sealed class PartitionCatalog(NpgsqlConnection connection)
{
    // CREATE TABLE … PARTITION OF writes a system column (which nothing writes again) and the row of pg_inherits by one
    // command: the command ids lie this close together. ATTACH PARTITION in the creating transaction is a command of
    // its own.
    private const string Trees = """
        SELECT w.root, t.relid::pg_catalog.oid, t.relid::text, t.isleaf, COALESCE(i.xmin::text, '0'),
               COALESCE(pg_catalog.pg_relation_filenode(t.relid), 0)::pg_catalog.oid,
               COALESCE(i.xmin::text = a.xmin::text, false),
               COALESCE(i.xmin::text = a.xmin::text AND i.cmin::text::int8 - a.cmin::text::int8 <= 2, false),
               pg_catalog.concat(c.relreplident, (
                   SELECT x.indexrelid FROM pg_catalog.pg_index AS x
                   WHERE x.indrelid = c.oid
                       AND (c.relreplident = 'd' AND x.indisprimary OR c.relreplident = 'i' AND x.indisreplident)))
        FROM pg_catalog.unnest($1) AS w (root) CROSS JOIN LATERAL pg_catalog.pg_partition_tree(w.root) AS t
        LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
        LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = t.relid AND t.relid <> w.root
        LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.relid AND a.attnum = -1
        ORDER BY 1, 2
        """;

    // Without a lock, which asking for a partition tree would wait for. What a partitioned table itself is said to be
    // is nothing to its partitions: neither where its rows are, nor what is logged of those that change. A partition
    // that logs nothing of them fails its own UPDATE and DELETE.
    private const string Unfollowed = """
        WITH RECURSIVE tree (root, oid) AS (
            SELECT w.oid, w.oid FROM pg_catalog.unnest($1) AS w (oid)
            UNION ALL
            SELECT t.root, i.inhrelid FROM tree AS t JOIN pg_catalog.pg_class AS p ON p.oid = t.oid AND p.relkind = 'p'
            JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid)
        SELECT t.root, c.oid, c.oid::pg_catalog.regclass::text,
               CASE WHEN c.relkind = 'f' THEN 'f' WHEN c.relpersistence = 'u' THEN 'u' ELSE 'k' END::"char"
        FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
        LEFT JOIN pg_catalog.pg_index AS x
            ON x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
               AND (c.relreplident = 'd' AND x.indisprimary OR c.relreplident = 'i' AND x.indisreplident)
        WHERE c.relispartition AND (c.relkind = 'f' OR c.relkind = 'r' AND (c.relpersistence = 'u'
            OR t.oid <> t.root AND t.root = ANY ($2) AND x.indexrelid IS NOT NULL
               AND ($5::text IS NULL
                    OR EXISTS (SELECT FROM pg_catalog.pg_publication AS p
                        WHERE p.pubname = $5 AND (p.pubupdate OR p.pubdelete)))
               AND (t.root <> ALL ($3) OR EXISTS (
                   SELECT FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)) AS k (root, attnum)
                   JOIN pg_catalog.pg_attribute AS r ON r.attrelid = k.root AND r.attnum = k.attnum
                       AND NOT r.attisdropped
                   WHERE k.root = t.root AND r.attname NOT IN (
                       SELECT a.attname FROM pg_catalog.pg_attribute AS a
                       WHERE a.attrelid = c.oid
                         AND a.attnum = ANY ((pg_catalog.string_to_array(x.indkey::text,
                             ' ')::int2[])[1:x.indnkeyatts]))))))
        ORDER BY t.root, c.oid
        """;

    // A partition's own identity decides what is logged of its rows, whatever its root's is. Where the root has no key
    // ($2), a key of the partition's own does not find the row.
    private const string Bare = """
        SELECT w.oid, c.oid, n.nspname::text, c.relname::text, x.indexrelid IS NULL
        FROM pg_catalog.unnest($1) AS w (oid), LATERAL pg_catalog.pg_partition_tree(w.oid) AS t
        JOIN pg_catalog.pg_class AS c ON c.oid = t.relid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_index AS x
            ON x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
               AND (c.relreplident = 'd' AND x.indisprimary OR c.relreplident = 'i' AND x.indisreplident)
        WHERE t.isleaf AND c.relreplident <> 'f' AND (w.oid = ANY ($2) OR x.indexrelid IS NULL)
        ORDER BY w.oid, c.oid
        """;

    private const int WalPageBytes = 8192;

    // Rows know 32 bits of their transaction, which are compared around the circle.
    private const int HalfOfAllTransactions = int.MaxValue;

    // VACUUM FULL keeps the order of rows. Where there is none to be found, a large table must not be read to its end.
    private const int BlocksToSearch = 8192;

    /// <summary>The trees below these tables, with where the WAL stood after they were read.</summary>
    public async Task<PartitionTrees> ReadAsync(IEnumerable<uint> roots, CancellationToken cancellationToken)
    {
        var horizon = await connection.ReadAsync(
            "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text", r => r.GetString(0),
            cancellationToken)
            .ConfigureAwait(false);
        var partitions = await connection.ReadAsync(
            Trees,
            r => (
                Root: r.GetFieldValue<uint>(0),
                Partition: new Partition(
                    r.GetFieldValue<uint>(1), r.GetString(2), r.GetBoolean(3),
                    uint.Parse(r.GetString(4), CultureInfo.InvariantCulture), r.GetFieldValue<uint>(5),
                    r.GetBoolean(7) ? PartitionBirth.Created : r.GetBoolean(6)
                    ? PartitionBirth.AttachedAtOnce
                    : PartitionBirth.AttachedLater,
                    r.GetString(8))),
            cancellationToken,
            CatalogReader.Oids(roots)).ConfigureAwait(false);
        var end = await connection.ReadAsync(
            "SELECT pg_catalog.pg_current_wal_insert_lsn()::text", r => Lsn.Parse(r.GetString(0)), cancellationToken)
            .ConfigureAwait(false);
        return new PartitionTrees(
            partitions.ToLookup(p => p.Root, p => p.Partition), ulong.Parse(horizon[0], CultureInfo.InvariantCulture),
            EndOfRecords(end[0]));
    }

    /// <summary>
    /// Of each of these tables that has any, the partitions that no stream follows, or not by what the table's rows are
    /// found by; a table that is a partition itself counts too.
    /// </summary>
    /// <param name="tables">The tables as they are followed.</param>
    /// <param name="publication">The publication that a DBA made, which may leave updates and deletes out; null: our
    /// own.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<IReadOnlyDictionary<uint, UnfollowedPartitions>> FindUnfollowedAsync(
        IEnumerable<TableSchema> tables, string? publication, CancellationToken cancellationToken)
    {
        var all = tables.ToList();
        var keys = all.SelectMany(t => t.KeyColumns.Select(c => (t.Oid, t.Columns[c].AttributeNumber))).ToList();
        var found = await connection.ReadAsync(
            Unfollowed,
            r => (
                Table: r.GetFieldValue<uint>(0),
                Oid: r.GetFieldValue<uint>(1),
                Name: r.GetString(2),
                Cause: r.GetFieldValue<char>(3) switch
                {
                    'f' => UnfollowedCause.Foreign,
                    'u' => UnfollowedCause.Unlogged,
                    _ => UnfollowedCause.OtherKey,
                }),
            cancellationToken,
            CatalogReader.Oids(all.Select(t => t.Oid)),
            CatalogReader.Oids(all.Where(t => t.CanFollowUpdates).Select(t => t.Oid)),
            CatalogReader.Oids(keys.Select(k => k.Oid)),
            keys.Select(k => k.AttributeNumber).ToArray(),
            new NpgsqlParameter { Value = (object?)publication ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text })
            .ConfigureAwait(false);
        return found.GroupBy(p => p.Table).ToDictionary(t => t.Key, t => new UnfollowedPartitions(
            t.First().Cause,
            [.. t.Where(p => p.Cause == t.First().Cause).Select(p => p.Name)],
            IsTheTable: t.First().Oid == t.Key));
    }

    /// <summary>
    /// The partitions of these tables, the tables themselves where they are ones, that do not log what a row is found
    /// by.
    /// </summary>
    public async Task<IReadOnlyList<BarePartition>> FindBareAsync(
        IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken) =>
        await connection.ReadAsync(
            Bare,
            r => new BarePartition(
                r.GetFieldValue<uint>(0), r.GetFieldValue<uint>(1), new TableName(r.GetString(2), r.GetString(3)),
                r.GetBoolean(4)),
            cancellationToken,
            CatalogReader.Oids(tables.Select(t => t.Oid)),
            CatalogReader.Oids(tables.Where(t => t.KeyColumns.Count == 0).Select(t => t.Oid))).ConfigureAwait(false);

    /// <summary>
    /// At the start of a WAL page the insert position is behind the page's header, and no position of a stream ever is.
    /// </summary>
    private static Lsn EndOfRecords(Lsn insert) =>
        insert.Value % WalPageBytes is var offset && offset is 24 or 40 ? new Lsn(insert.Value - offset) : insert;

    /// <summary>
    /// Whether a partition holds rows that may have been there before it was attached, and were never sent.
    /// </summary>
    public Task<bool> MayHoldUnsentRowsAsync(
        Partition partition, bool attachedLater, CancellationToken cancellationToken) => AnyAsync(
        attachedLater
            ? $"SELECT FROM ONLY {partition.Name}"
            : $"""
               SELECT FROM ONLY {partition.Name} AS r, pg_catalog.pg_inherits AS i
               WHERE i.inhrelid = {Number(partition.Oid)} AND r.xmin = i.xmin
                   AND r.cmin::text::int8 < i.cmin::text::int8
               """,
        otherwise: true,
        cancellationToken);

    /// <summary>
    /// Whether a table or partition holds a row that was there at the horizon, among its first blocks: then it was
    /// neither truncated nor rewritten by an ALTER TABLE since.
    /// </summary>
    /// <param name="table">Its name as SQL takes it.</param>
    /// <param name="horizon">Transactions before this one were over then.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public Task<bool> HoldsRowsOfBeforeAsync(string table, ulong horizon, CancellationToken cancellationToken) =>
        AnyAsync(
        string.Create(CultureInfo.InvariantCulture, $"""
        SELECT FROM ONLY {table} AS r
        WHERE r.ctid < '({BlocksToSearch},0)'::pg_catalog.tid
          AND pg_catalog.age(r.xmin) > pg_catalog.age('{(uint)horizon}'::pg_catalog.xid)
          AND pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - {horizon}
              < {HalfOfAllTransactions}
        """),
        otherwise: false,
        cancellationToken);

    private async Task<bool> AnyAsync(string query, bool otherwise, CancellationToken cancellationToken)
    {
        try
        {
            var found = await connection.ReadAsync($"SELECT EXISTS ({query})", r => r.GetBoolean(0), cancellationToken)
                .ConfigureAwait(false);
            return found[0];
        }
        catch (PostgresException e) when (
            e.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable
                or PostgresErrorCodes.WrongObjectType)
        {
            // The role may read the root only, or the partition has gone by now: nobody knows, which is no proof.
            return otherwise;
        }
    }

    private static string Number(uint oid) => oid.ToString(CultureInfo.InvariantCulture);
}
