using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A row of pg_class that may be copied.</summary>
/// <param name="Oid">pg_class.oid.</param>
/// <param name="Name">Schema and name.</param>
/// <param name="Kind">pg_class.relkind: 'r', 'p', 'v', 'm' or 'f'.</param>
/// <param name="Identity">The replica identity.</param>
/// <param name="Persistence">pg_class.relpersistence: 'p' or 'u'.</param>
/// <param name="Ancestors">The tables that it is a partition of, at any depth.</param>
/// <param name="Readable">Whether the role may read all of it.</param>
/// <param name="OfExtension">Whether an extension made it.</param>
internal sealed record CatalogTable(
    uint Oid,
    TableName Name,
    char Kind,
    ReplicaIdentity Identity,
    char Persistence,
    uint[] Ancestors,
    bool Readable,
    bool OfExtension)
{
    /// <summary>Why no stream has its changes; null: one has.</summary>
    public EtlException? Obstacle => RelationObstacle.Find(Name, Kind, Persistence);
}
