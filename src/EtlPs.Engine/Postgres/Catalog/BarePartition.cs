using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A partition of a published table that does not log what a row is found by.</summary>
/// <param name="Root">The table's oid.</param>
/// <param name="Oid">The partition's own.</param>
/// <param name="Name">Its name.</param>
/// <param name="FailsWrites">
/// Whether it has no replica identity at all, so that the source's own UPDATE and DELETE fail there; else it has a key
/// of its own under a root without one.
/// </param>
internal sealed record BarePartition(uint Root, uint Oid, TableName Name, bool FailsWrites)
{
    /// <summary>What mends it.</summary>
    public string Sql => $"ALTER TABLE {Name.Quoted} REPLICA IDENTITY FULL;";
}
