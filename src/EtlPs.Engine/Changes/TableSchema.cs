namespace EtlPs.Engine.Changes;

/// <summary>A source table as it is copied: what its rows look like and how a row is known again.</summary>
/// <param name="Oid">pg_class.oid: a dropped and created table of the same name has another one.</param>
/// <param name="Name">Schema and name.</param>
/// <param name="Columns">The columns, in attnum order, without dropped and generated ones.</param>
/// <param name="KeyColumns">
/// Indexes into <paramref name="Columns"/> of the columns that identify a row: the replica identity's columns, or the
/// immediate primary key under FULL; empty where rows are a multiset (FULL without such a key) or only inserted.
/// </param>
/// <param name="Identity">The replica identity.</param>
/// <param name="Kind">
/// pg_class.relkind: 'r' for a table, 'p' for a partitioned one; in a one-off copy also 'v', 'm' and 'f' for a view, a
/// materialized view and a foreign table.
/// </param>
/// <param name="RowFilter">
/// The publication's WHERE for the table, as pg_get_expr writes it, or a user's condition for a one-off copy; null:
/// every row.
/// </param>
public sealed record TableSchema(
    uint Oid,
    TableName Name,
    IReadOnlyList<ColumnSchema> Columns,
    IReadOnlyList<int> KeyColumns,
    ReplicaIdentity Identity,
    char Kind = 'r',
    string? RowFilter = null)
{
    /// <summary>
    /// Whether a generated column is among the columns (Postgres 18 can publish stored ones); told by the catalog only.
    /// </summary>
    public bool HasGenerated { get; init; }

    /// <summary>
    /// pg_class.relfilenode: a rewrite and a TRUNCATE give it another one; 0 where it holds no rows itself. Told by the
    /// catalog only.
    /// </summary>
    public uint FileNode { get; init; }

    /// <summary>
    /// The publication's entry for it or its schema (oid of pg_publication_rel or pg_publication_namespace): one that
    /// was taken out and put back has another; 0: there is none, or nobody looked. Told by the catalog only.
    /// </summary>
    public uint PublishedBy { get; init; }

    /// <summary>
    /// Whether it holds its rows itself, or its partitions do; a view and a foreign table get them from elsewhere.
    /// </summary>
    public bool IsTable => Kind is 'r' or 'p';

    /// <summary>Whether UPDATE and DELETE can be followed: there is an identity to find the old row by.</summary>
    public bool CanFollowUpdates => KeyColumns.Count > 0 || Identity == ReplicaIdentity.Full;
}
