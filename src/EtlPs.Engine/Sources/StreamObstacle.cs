using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Sources;

/// <summary>What a relation is or has that no pipeline can stream, whoever asks.</summary>
internal static class StreamObstacle
{
    /// <param name="relation">The relation.</param>
    /// <param name="schema">Its columns, where it is a table.</param>
    public static EtlException? Find(CatalogRelation relation, TableSchema? schema) => relation switch
    {
        { Kind: 'v' } => NoTable(relation, "is a view, which has no changes of its own", "Name the tables that it reads."),
        { Kind: 'm' } => NoTable(
            relation, "is a materialized view: refreshing it is not in the stream", "Name the tables that it reads."),
        { Kind: 'f' } => NoTable(
            relation, "is a foreign table: its rows are another server's", "Make a pipeline from that server."),
        { Persistence: 't' } => NoTable(relation, "is temporary: it is one session's, and not in the WAL", "Name a table that stays."),
        { Persistence: 'u' } => NoTable(
            relation, "is unlogged: its changes are not in the WAL", $"Let the owner run: ALTER TABLE {relation.Name.Quoted} SET LOGGED;"),
        _ when schema is null => NoTable(relation, "is gone", "List the tables again."),
        _ => UnsupportedColumn.Find(schema) ?? Collision(schema),
    };

    private static EtlException? Collision(TableSchema schema)
    {
        try
        {
            NameCollisions.CheckSchema(schema.Name);
            NameCollisions.CheckColumns(schema);
            return null;
        }
        catch (EtlException e)
        {
            return e;
        }
    }

    private static EtlException NoTable(CatalogRelation relation, string what, string remedy) =>
        new(EtlErrorCode.TableNotFound, $"{relation.Name} {what}.", remedy) { Subject = relation.Name.ToString() };
}
