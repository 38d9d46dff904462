using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>Compares a table as it was copied with a table as the stream announces it.</summary>
internal static class RelationShape
{
    private const string OtherIdentity = "its replica identity has changed";

    /// <summary>What is different, in words; null: new rows of the one fit the other.</summary>
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
        // A wider key is another one too: the columns of the old one no longer tell rows apart.
        return HasKey(announced) && copied.KeyColumns.Count > 0 && !HasKeyOf(copied, announced) ? OtherIdentity : null;
    }

    /// <summary>Why UPDATE and DELETE cannot be tied to the destination's rows, in words; null: they can.</summary>
    public static string? OldRowDifference(TableSchema copied, RelationMessage announced)
    {
        // A whole row holds the key's columns, and finds the row where there was no key.
        if (announced.ReplicaIdentity == 'f' || (copied.KeyColumns.Count > 0 && HasKeyOf(copied, announced))) return null;
        return copied.Identity == ReplicaIdentity.Full && copied.KeyColumns.Count == 0
            ? "its replica identity is no longer FULL"
            : OtherIdentity;
    }

    // Under FULL every column is flagged, which says nothing of a key. Without an identity none is: then rows are only inserted.
    private static bool HasKey(RelationMessage announced) =>
        announced.ReplicaIdentity != 'f' && announced.Columns.Any(c => c.IsKey);

    private static bool HasKeyOf(TableSchema copied, RelationMessage announced) => announced.Columns
        .Select((column, index) => (column, index)).Where(c => c.column.IsKey).Select(c => c.index)
        .SequenceEqual(copied.KeyColumns.Order());
}
