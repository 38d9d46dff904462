using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// A partitioned table's tree under a snapshot, and what its rows are to be read from: leaf by leaf, since a partition
/// has block numbers and its root has none.
/// </summary>
/// <param name="Partitions">The tree.</param>
/// <param name="Heaps">The leaves; the root alone where the role may not read each of them directly.</param>
/// <param name="Horizon">Every transaction before this one was over when the snapshot was taken.</param>
internal sealed record SnapshotTree(IReadOnlyList<Partition> Partitions, IReadOnlyList<Heap> Heaps, ulong Horizon)
{
    /// <exception cref="TableRewrittenException">
    /// A partition came or went since the snapshot: what was changed in it while it was not one is in no stream.
    /// </exception>
    public static async Task<SnapshotTree> ReadAsync(
        ICopySession session, TableSchema table, CancellationToken cancellationToken)
    {
        var rows = await session.ReadAsync(Query(table.Oid), cancellationToken).ConfigureAwait(false);
        var found = rows.ConvertAll(r => (
            Same: r[0] == "true",
            Readable: r[1] == "true",
            Size: r[2] is { } size ? long.Parse(size, CultureInfo.InvariantCulture) : 0,
            Total: r[9] is { } total ? long.Parse(total, CultureInfo.InvariantCulture) : 0,
            Horizon: ulong.Parse(r[3]!, CultureInfo.InvariantCulture),
            Partition: new Partition(
                Number(r[4]), r[5] ?? "", r[6] == "true", Number(r[7]), Number(r[8]), PartitionBirth.Created)));
        if (found.Exists(f => !f.Same))
            throw new TableRewrittenException(table.Name);
        var leaves = found.Where(f => f.Partition.IsLeaf).ToList();
        IReadOnlyList<Heap> heaps = leaves.TrueForAll(l => l.Readable)
            ? [.. leaves.Select(l => new Heap(
                l.Partition.Oid, l.Partition.Name, l.Partition.FileNode, l.Size, l.Total))]
            : [new Heap(table.Oid, table.Name.Quoted, 0, 0, 0)];
        return new SnapshotTree([.. found.Select(f => f.Partition)], heaps, found[0].Horizon);
    }

    private static uint Number(string? text) => uint.Parse(text!, CultureInfo.InvariantCulture);

    // pg_inherits is read as of the snapshot, pg_partition_tree and names as of now. A foreign table has no blocks, nor
    // has what another access method than heap (2) keeps, and policies of a partition hold only where it is read
    // directly.
    private static string Query(uint root) => string.Create(CultureInfo.InvariantCulture, $"""
        WITH RECURSIVE before (oid, attached_by) AS (
            SELECT {root}::pg_catalog.oid, '0'::text
            UNION ALL
            SELECT i.inhrelid, i.xmin::text FROM before AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
            WHERE NOT i.inhdetachpending)
        SELECT (b.oid IS NOT NULL AND t.relid IS NOT NULL)::text,
               (c.relkind = 'r' AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
               AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
                   AND NOT pg_catalog.row_security_active(c.oid))::text,
               CASE WHEN c.relam = 2 THEN pg_catalog.pg_relation_size(t.relid) END::text,
               pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text,
               COALESCE(t.relid::pg_catalog.oid, b.oid)::text, t.relid::text, t.isleaf::text,
                   COALESCE(b.attached_by, '0'),
               COALESCE(pg_catalog.pg_relation_filenode(t.relid), 0)::text,
               pg_catalog.pg_table_size(t.relid)::text
        FROM before AS b
        FULL JOIN pg_catalog.pg_partition_tree({root}) AS t ON t.relid = b.oid
        LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
        ORDER BY COALESCE(t.relid::pg_catalog.oid, b.oid)
        """);
}
