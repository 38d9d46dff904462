using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A row of pg_class that may be copied.</summary>
internal sealed record CatalogTable(
    uint Oid,
    TableName Name,
    char Kind,
    ReplicaIdentity Identity,
    bool Unlogged,
    uint? PartitionRoot,
    bool Readable,
    bool OfExtension);
