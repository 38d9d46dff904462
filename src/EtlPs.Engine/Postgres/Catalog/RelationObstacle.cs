using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// Why no stream ever has a relation's changes, whatever its columns and key: it can be copied once at most.
/// </summary>
internal static class RelationObstacle
{
    private const string Once = "or copy it once, with -SnapshotOnly.";

    /// <param name="name">The relation.</param>
    /// <param name="kind">pg_class.relkind.</param>
    /// <param name="persistence">pg_class.relpersistence.</param>
    /// <returns>Null: its changes are in the write-ahead log.</returns>
    public static EtlException? Find(TableName name, char kind, char persistence) => (kind, persistence) switch
    {
        (_, 't') => Error(name, "is temporary: it is one session's, and not in the WAL", "Name a table that stays."),
        ('v', _) => Error(name, "is a view, which has no changes of its own", $"Name the tables that it reads; {Once}"),
        ('m', _) => Error(
            name, "is a materialized view: refreshing it is not in the stream",
            $"Name the tables that it reads; {Once}"),
        ('f', _) => Error(
            name, "is a foreign table: its rows are another server's", $"Make a pipeline from that server; {Once}"),
        (_, 'u') => Error(
            name, "is unlogged: its changes are not in the WAL",
            $"Let the owner run: ALTER TABLE {name.Quoted} SET LOGGED; {Once}"),
        _ => null,
    };

    private static EtlException Error(TableName name, string what, string remedy) =>
        new(EtlErrorCode.TableNotFound, $"{name} {what}.", remedy) { Subject = name.ToString() };
}
