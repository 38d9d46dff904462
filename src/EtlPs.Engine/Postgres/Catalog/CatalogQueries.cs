namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>The texts of the catalog's queries; everything qualified, whatever the search path.</summary>
internal static class CatalogQueries
{
    // What users can select from; temporary tables belong to other sessions.
    public const string Tables = """
        SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, c.relreplident, c.relpersistence,
               CASE WHEN c.relispartition THEN ARRAY(
                   SELECT a.relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(c.oid) AS a
                       WHERE a.relid <> c.oid)
               ELSE '{}' END,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'),
               EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                       WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                           AND d.deptype = 'e')
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
          AND n.nspname <> 'information_schema' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_')
        """;

    public const string TablesByOid = Tables + " AND c.oid = ANY ($1)";

    // Columns and file by one statement, and both from the tables of the catalog: what changes both is seen whole.
    public const string Columns = """
        SELECT a.attrelid, a.attnum, a.attname::text, a.atttypid, a.atttypmod,
               pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '', a.attndims::int4,
               a.xmin::text, c.relfilenode
        FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attrelid, a.attnum
        """;

    // indkey counts from 0 and may go on with INCLUDE columns behind the key's. A deferrable primary key identifies no
    // row.
    public const string Keys = """
        SELECT i.indrelid, i.indisprimary, i.indisreplident,
               (pg_catalog.string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts]
        FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = ANY ($1) AND i.indimmediate AND i.indisvalid AND (i.indisprimary OR i.indisreplident)
        """;

    // A table that was taken out and put back has another row. A partition is published by its root's.
    private const string PublishedBy = """
        (SELECT pg_catalog.max(r.oid) FROM pg_catalog.pg_publication_rel AS r
         JOIN pg_catalog.pg_publication AS b ON b.oid = r.prpubid AND b.pubname = p.pubname
         WHERE r.prrelid = c.oid OR r.prrelid
             IN (SELECT a.relid FROM pg_catalog.pg_partition_ancestors(c.oid) AS a (relid)))
        """;

    private const string PublishedBySchema = """
        (SELECT pg_catalog.max(r.oid) FROM pg_catalog.pg_publication_namespace AS r
         JOIN pg_catalog.pg_publication AS b ON b.oid = r.pnpubid AND b.pubname = p.pubname
         WHERE r.pnnspid IN (SELECT o.relnamespace FROM pg_catalog.pg_class AS o WHERE o.oid = c.oid
                             OR o.oid IN (SELECT a.relid FROM pg_catalog.pg_partition_ancestors(c.oid) AS a (relid))))
        """;

    // 14 lists a partition that a publication has by itself, and by its root, twice.
    public const string Published14 = $"""
        SELECT DISTINCT c.oid, NULL::text[], NULL::text, COALESCE({PublishedBy}, 0)::pg_catalog.oid
        FROM pg_catalog.pg_publication_tables AS p
        JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.schemaname
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.tablename
        WHERE p.pubname = $1
        """;

    public const string Published15 = $"""
        SELECT c.oid, p.attnames::text[], p.rowfilter,
               COALESCE(GREATEST({PublishedBy}, {PublishedBySchema}), 0)::pg_catalog.oid
        FROM pg_catalog.pg_publication_tables AS p
        JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.schemaname
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.tablename
        WHERE p.pubname = $1
        """;

    public const string PartitionNames = """
        SELECT n.nspname::text, c.relname::text
        FROM pg_catalog.unnest($1) AS w (root), pg_catalog.pg_partition_tree(w.root) AS t
        JOIN pg_catalog.pg_class AS c ON c.oid = t.relid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE t.relid <> w.root
        """;

    // With the large values that lie beside the rows.
    public const string Sizes = """
        SELECT c.oid,
               COALESCE((SELECT pg_catalog.sum(pg_catalog.pg_table_size(t.relid))::int8
                         FROM pg_catalog.pg_partition_tree(c.oid) AS t WHERE t.isleaf), pg_catalog.pg_table_size(c.oid),
                             0),
               CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 END
        FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1)
        """;

    // As VACUUM and ANALYZE left them. Asking for a size, and for a partition tree, takes a lock.
    public const string SizesWithoutLocks = """
        WITH RECURSIVE tree (root, oid) AS (
            SELECT w.oid, w.oid FROM pg_catalog.unnest($1) AS w (oid)
            UNION ALL
            SELECT t.root, i.inhrelid FROM tree AS t JOIN pg_catalog.pg_class AS p ON p.oid = t.oid AND p.relkind = 'p'
            JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid)
        SELECT r.oid, known.pages * pg_catalog.current_setting('block_size')::int8, known.tuples
        FROM pg_catalog.pg_class AS r, LATERAL (
            SELECT pg_catalog.sum((c.relpages + COALESCE(l.relpages, 0))::int8)::int8,
                   (pg_catalog.sum(c.reltuples) FILTER (WHERE c.reltuples >= 0))::int8
            FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind <> 'p'
            LEFT JOIN pg_catalog.pg_class AS l ON l.oid = c.reltoastrelid
            WHERE t.root = r.oid) AS known (pages, tuples)
        WHERE r.oid = ANY ($1)
        """;
}
