using EtlPs.Engine.Changes;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>Everything that can be selected from as a table can: also what cannot be streamed.</summary>
internal sealed class RelationCatalog(NpgsqlConnection connection)
{
    // Autovacuum never analyses a partitioned table, only its partitions.
    private const string Relations = """
        SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, c.relpersistence,
               CASE WHEN c.relispartition THEN ARRAY(
                   SELECT a.relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(c.oid) AS a
                       WHERE a.relid <> c.oid)
               ELSE '{}' END,
               EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                       WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                           AND d.deptype = 'e'),
               COALESCE(leaves.bytes, pg_catalog.pg_table_size(c.oid), 0),
               CASE WHEN c.reltuples >= 0 THEN c.reltuples::int8 ELSE leaves.tuples END
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (
            SELECT pg_catalog.sum(pg_catalog.pg_table_size(l.oid))::int8,
                   pg_catalog.sum(l.reltuples) FILTER (WHERE l.reltuples >= 0)::int8
            FROM pg_catalog.pg_partition_tree(c.oid) AS t JOIN pg_catalog.pg_class AS l ON l.oid = t.relid
            WHERE t.isleaf) AS leaves (bytes, tuples) ON c.relkind = 'p'
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
          AND (c.relpersistence = 't' OR NOT pg_catalog.starts_with(n.nspname::text, 'pg_'))
        ORDER BY n.nspname::text COLLATE "C", c.relname::text COLLATE "C"
        """;

    public Task<List<CatalogRelation>> ReadAsync(CancellationToken cancellationToken) => connection.ReadAsync(
        Relations,
        r => new CatalogRelation(
            r.GetFieldValue<uint>(0), new TableName(r.GetString(1), r.GetString(2)), r.GetFieldValue<char>(3),
            r.GetFieldValue<char>(4),
            r.GetFieldValue<uint[]>(5), r.GetBoolean(6), new TableSize(r.GetInt64(7), r.GetNullable<long>(8))),
        cancellationToken);
}
