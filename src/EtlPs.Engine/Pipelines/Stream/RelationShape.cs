using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>Compares a table as it was copied with a table as the stream announces it.</summary>
internal static class RelationShape
{
    /// <summary>What is different, in words; null: rows of the one fit the other.</summary>
    public static string? Difference(TableSchema copied, RelationMessage announced)
    {
        if (announced.Name != copied.Name) return $"its name is now {announced.Name}";
        for (var i = 0; i < Math.Max(copied.Columns.Count, announced.Columns.Count); i++)
        {
            if (i >= announced.Columns.Count) return $"column {TableName.Quote(copied.Columns[i].Name)} is gone";
            if (i >= copied.Columns.Count) return $"column {TableName.Quote(announced.Columns[i].Name)} is new";
            var (before, now) = (copied.Columns[i], announced.Columns[i]);
            if (before.Name != now.Name)
                return $"column {TableName.Quote(before.Name)} is now {TableName.Quote(now.Name)}";
            if (before.Type.Oid != now.TypeOid || before.Type.Modifier != now.TypeModifier)
                return $"the type of column {TableName.Quote(before.Name)} is no longer {before.Type.DisplayName}";
        }
        return IdentityDifference(copied, announced);
    }

    /// <summary>The old row must be known by the key that the destination is searched by.</summary>
    private static string? IdentityDifference(TableSchema copied, RelationMessage announced)
    {
        if (announced.ReplicaIdentity == 'f') return null;
        if (copied.KeyColumns.Count == 0)
            return copied.Identity == ReplicaIdentity.Full ? "its replica identity is no longer FULL" : null;
        // A wider key is another one too: the columns of the old one no longer tell rows apart.
        var key = announced.Columns.Select((column, index) => (column, index)).Where(c => c.column.IsKey).Select(c => c.index);
        return key.SequenceEqual(copied.KeyColumns.Order()) ? null : "its replica identity has changed";
    }
}
