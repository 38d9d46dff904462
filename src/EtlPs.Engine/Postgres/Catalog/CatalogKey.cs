using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A valid, immediate unique index that is the primary key or the chosen replica identity.</summary>
internal sealed record CatalogKey(bool IsPrimary, bool IsReplicaIdentity, IReadOnlyList<short> AttributeNumbers)
{
    /// <summary>
    /// Indexes into the columns of those that identify a row, in the index's own order. Empty where the identity has
    /// none, or where one of its columns is not copied: then it cannot find a row.
    /// </summary>
    public static IReadOnlyList<int> Select(
        ReplicaIdentity identity, IReadOnlyList<CatalogKey> keys, List<ColumnSchema> columns)
    {
        var key = identity switch
        {
            ReplicaIdentity.Default or ReplicaIdentity.Full => keys.FirstOrDefault(k => k.IsPrimary),
            ReplicaIdentity.Index => keys.FirstOrDefault(k => k.IsReplicaIdentity),
            _ => null,
        };
        if (key is null)
            return [];
        var indexes = key.AttributeNumbers.Select(n => columns.FindIndex(c => c.AttributeNumber == n)).ToList();
        return indexes.Contains(-1) ? [] : indexes;
    }
}
