using System.Globalization;
using EtlPs.Engine.Changes;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>The trees of partitioned tables as they are now, and what their rows tell of the past.</summary>
internal sealed class PartitionCatalog(NpgsqlConnection connection)
{
    // CREATE TABLE … PARTITION OF writes a system column (which nothing writes again) and the row of pg_inherits by one
    // command: the command ids lie this close together. ATTACH PARTITION in the creating transaction is a command of its own.
    private const string Trees = """
        SELECT w.root, t.relid::pg_catalog.oid, t.relid::text, t.isleaf, COALESCE(i.xmin::text, '0'),
               COALESCE(pg_catalog.pg_relation_filenode(t.relid), 0)::pg_catalog.oid,
               COALESCE(i.xmin::text = a.xmin::text, false),
               COALESCE(i.xmin::text = a.xmin::text AND i.cmin::text::int8 - a.cmin::text::int8 <= 2, false)
        FROM pg_catalog.unnest($1) AS w (root) CROSS JOIN LATERAL pg_catalog.pg_partition_tree(w.root) AS t
        LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = t.relid AND t.relid <> w.root
        LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.relid AND a.attnum = -1
        ORDER BY 1, 2
        """;

    // Without a lock, which asking for a partition tree would wait for. What a partitioned table itself is said to be is
    // nothing to its partitions.
    private const string Unfollowed = """
        WITH RECURSIVE tree (root, oid) AS (
            SELECT w.oid, w.oid FROM pg_catalog.unnest($1) AS w (oid)
            UNION ALL
            SELECT t.root, i.inhrelid FROM tree AS t JOIN pg_catalog.pg_class AS p ON p.oid = t.oid AND p.relkind = 'p'
            JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid)
        SELECT DISTINCT ON (t.root) t.root, c.oid, c.oid::pg_catalog.regclass::text, c.relkind = 'f'
        FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
        WHERE c.relispartition AND (c.relkind = 'f' OR c.relkind = 'r' AND c.relpersistence = 'u')
        ORDER BY t.root, c.oid
        """;

    private const int WalPageBytes = 8192;

    // Rows know 32 bits of their transaction, which are compared around the circle.
    private const int HalfOfAllTransactions = int.MaxValue;

    /// <summary>The trees below these tables, with where the WAL stood after they were read.</summary>
    public async Task<PartitionTrees> ReadAsync(IEnumerable<uint> roots, CancellationToken cancellationToken)
    {
        var horizon = await connection.ReadAsync(
            "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text", r => r.GetString(0), cancellationToken)
            .ConfigureAwait(false);
        var partitions = await connection.ReadAsync(
            Trees,
            r => (
                Root: r.GetFieldValue<uint>(0),
                Partition: new Partition(
                    r.GetFieldValue<uint>(1), r.GetString(2), r.GetBoolean(3),
                    uint.Parse(r.GetString(4), CultureInfo.InvariantCulture), r.GetFieldValue<uint>(5),
                    r.GetBoolean(7) ? PartitionBirth.Created : r.GetBoolean(6) ? PartitionBirth.AttachedAtOnce : PartitionBirth.AttachedLater)),
            cancellationToken,
            CatalogReader.Oids(roots)).ConfigureAwait(false);
        var end = await connection.ReadAsync(
            "SELECT pg_catalog.pg_current_wal_insert_lsn()::text", r => Lsn.Parse(r.GetString(0)), cancellationToken)
            .ConfigureAwait(false);
        return new PartitionTrees(
            partitions.ToLookup(p => p.Root, p => p.Partition), ulong.Parse(horizon[0], CultureInfo.InvariantCulture), EndOfRecords(end[0]));
    }

    /// <summary>
    /// Of each of these tables that has any, a partition that no stream follows; a table that is a partition itself counts too.
    /// </summary>
    public async Task<IReadOnlyDictionary<uint, UnfollowedPartition>> FindUnfollowedAsync(
        IEnumerable<uint> tables, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            Unfollowed,
            r => new UnfollowedPartition(r.GetFieldValue<uint>(0), r.GetFieldValue<uint>(1), r.GetString(2), r.GetBoolean(3)),
            cancellationToken,
            CatalogReader.Oids(tables)).ConfigureAwait(false);
        return found.ToDictionary(p => p.Table);
    }

    /// <summary>At the start of a WAL page the insert position is behind the page's header, and no position of a stream ever is.</summary>
    private static Lsn EndOfRecords(Lsn insert) =>
        insert.Value % WalPageBytes is var offset && offset is 24 or 40 ? new Lsn(insert.Value - offset) : insert;

    /// <summary>Whether a partition holds rows that may have been there before it was attached, and were never sent.</summary>
    public Task<bool> MayHoldUnsentRowsAsync(Partition partition, bool attachedLater, CancellationToken cancellationToken) => AnyAsync(
        attachedLater
            ? $"SELECT FROM ONLY {partition.Name}"
            : $"""
               SELECT FROM ONLY {partition.Name} AS r, pg_catalog.pg_inherits AS i
               WHERE i.inhrelid = {Number(partition.Oid)} AND r.xmin = i.xmin AND r.cmin::text::int8 < i.cmin::text::int8
               """,
        otherwise: true,
        cancellationToken);

    /// <summary>Whether a partition holds a row that was there at the horizon: then it was not truncated since.</summary>
    public Task<bool> HoldsRowsOfBeforeAsync(Partition partition, ulong horizon, CancellationToken cancellationToken) => AnyAsync(
        string.Create(CultureInfo.InvariantCulture, $"""
        SELECT FROM ONLY {partition.Name} AS r
        WHERE pg_catalog.age(r.xmin) > pg_catalog.age('{(uint)horizon}'::pg_catalog.xid)
          AND pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - {horizon} < {HalfOfAllTransactions}
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
            e.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.WrongObjectType)
        {
            // The role may read the root only, or the partition has gone by now: nobody knows, which is no proof.
            return otherwise;
        }
    }

    private static string Number(uint oid) => oid.ToString(CultureInfo.InvariantCulture);
}
