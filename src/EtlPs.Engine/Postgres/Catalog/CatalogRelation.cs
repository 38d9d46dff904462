using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A row of pg_class that a user may take for a table.</summary>
/// <param name="Oid">pg_class.oid.</param>
/// <param name="Name">Schema and name.</param>
/// <param name="Kind">pg_class.relkind: 'r', 'p', 'v', 'm' or 'f'.</param>
/// <param name="Persistence">pg_class.relpersistence: 'p', 'u' or 't'.</param>
/// <param name="Ancestors">The tables that it is a partition of, at any depth.</param>
/// <param name="OfExtension">Whether an extension made it.</param>
/// <param name="Size">How large it is.</param>
internal sealed record CatalogRelation(
    uint Oid, TableName Name, char Kind, char Persistence, uint[] Ancestors, bool OfExtension, TableSize Size);
