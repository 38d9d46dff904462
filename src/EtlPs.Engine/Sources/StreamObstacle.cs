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
    public static EtlException? Find(CatalogRelation relation, TableSchema? schema) =>
        RelationObstacle.Find(relation.Name, relation.Kind, relation.Persistence)
        ?? (schema is null ? Gone(relation.Name) : TableObstacle.Find(schema) ?? Collision(schema));

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

    private static EtlException Gone(TableName name) =>
        new(EtlErrorCode.TableNotFound, $"{name} is gone.", "List the tables again.") { Subject = name.ToString() };
}
