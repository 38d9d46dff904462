using EtlPs.Engine.Changes;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>Publications, by their exact names.</summary>
internal sealed class PublicationCatalog(NpgsqlConnection connection)
{
    /// <summary>
    /// The statement that makes a publication; partitions come as their root, so that copy and stream agree.
    /// </summary>
    public static string CreateStatement(string name, IReadOnlyList<TableName> tables) =>
        $"CREATE PUBLICATION {TableName.Quote(name)}{(tables.Count == 0 ? "" : $" FOR TABLE {List(tables)}")} "
        + "WITH (publish_via_partition_root = true)";

    /// <summary>The statement that adds tables.</summary>
    public static string AddStatement(string name, IReadOnlyList<TableName> tables) =>
        $"ALTER PUBLICATION {TableName.Quote(name)} ADD TABLE {List(tables)}";

    /// <summary>The statement that drops a publication.</summary>
    public static string DropStatement(string name) => $"DROP PUBLICATION IF EXISTS {TableName.Quote(name)}";

    public async Task<PublicationInfo?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            """
            SELECT p.pubname::text, pg_catalog.pg_get_userbyid(p.pubowner)::text, p.puballtables,
                   p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot
            FROM pg_catalog.pg_publication AS p WHERE p.pubname = $1
            """,
            r => new PublicationInfo(
                r.GetString(0), r.GetString(1), r.GetBoolean(2),
                r.GetBoolean(3), r.GetBoolean(4), r.GetBoolean(5), r.GetBoolean(6), r.GetBoolean(7)),
            cancellationToken,
            name).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>
    /// Which tables a publication has: what it was given, what it streams, and partitioned tables all of whose
    /// partitions it streams as tables of their own.
    /// </summary>
    public async Task<IReadOnlySet<uint>> FindContainedAsync(
        string name, IEnumerable<uint> tables, IEnumerable<uint> streamed, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            """
            SELECT w.oid FROM pg_catalog.unnest($2) AS w (oid)
            WHERE w.oid = ANY ($3)
               OR EXISTS (SELECT FROM pg_catalog.pg_publication AS p
                   JOIN pg_catalog.pg_publication_rel AS r ON r.prpubid = p.oid
                          WHERE p.pubname = $1 AND r.prrelid = w.oid)
               OR (SELECT pg_catalog.bool_and(t.relid = ANY ($3)) FROM pg_catalog.pg_partition_tree(w.oid) AS t
                   WHERE t.isleaf)
            """,
            r => r.GetFieldValue<uint>(0),
            cancellationToken,
            name,
            CatalogReader.Oids(tables),
            CatalogReader.Oids(streamed)).ConfigureAwait(false);
        return found.ToHashSet();
    }

    public Task CreateAsync(string name, IReadOnlyList<TableName> tables, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(CreateStatement(name, tables), cancellationToken);

    public Task AddTablesAsync(string name, IReadOnlyList<TableName> tables, CancellationToken cancellationToken) =>
        tables.Count == 0 ? Task.CompletedTask : connection.ExecuteAsync(AddStatement(name, tables), cancellationToken);

    /// <summary>Drops it; nothing happens where there is none.</summary>
    public Task DropAsync(string name, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(DropStatement(name), cancellationToken);

    // ONLY: children by inheritance are tables of their own here. A partitioned table's partitions come in all the
    // same.
    private static string List(IReadOnlyList<TableName> tables) =>
        string.Join(", ", tables.Select(t => $"ONLY {t.Quoted}"));
}
