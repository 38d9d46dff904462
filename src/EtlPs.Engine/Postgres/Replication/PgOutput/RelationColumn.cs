namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>A column as a RELATION message describes it.</summary>
/// <param name="IsKey">Part of the replica identity; every column is under FULL.</param>
/// <param name="Name">Its name.</param>
/// <param name="TypeOid">Its type.</param>
/// <param name="TypeModifier">atttypmod; -1 for none.</param>
internal readonly record struct RelationColumn(bool IsKey, string Name, uint TypeOid, int TypeModifier);
