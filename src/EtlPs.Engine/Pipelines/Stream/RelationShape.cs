using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>Compares a table as it was copied with a table as the stream announces it.</summary>
internal static class RelationShape
{
    private const string OtherIdentity = "its replica identity has changed";

    /// <summary>What is different; null: new rows of the one fit the other.</summary>
    public static EtlException? Problem(TableSchema copied, RelationMessage announced)
    {
        var columns = announced.Columns.Select(c => (c.Name, c.TypeOid, c.TypeModifier)).ToList();
        // A wider key is another one too: the columns of the old one no longer tell rows apart.
        return Problem(copied, announced.Name, columns)
            ?? (HasKey(announced) && copied.KeyColumns.Count > 0 && !HasKeyOf(copied, announced)
                ? SchemaErrors.Changed(copied.Name, OtherIdentity)
                : null);
    }

    /// <summary>
    /// What is different in a table's name and columns as the catalog has them; null: new rows of the one fit the
    /// other.
    /// </summary>
    public static EtlException? Problem(TableSchema copied, TableSchema now) =>
        Problem(copied, now.Name, [.. now.Columns.Select(c => (c.Name, c.Type.Oid, c.Type.Modifier))]);

    private static EtlException? Problem(
        TableSchema copied, TableName name, List<(string Name, uint Type, int Modifier)> columns) =>
        name != copied.Name ? SchemaErrors.Renamed(copied.Name, name)
        : ColumnDifference(copied.Columns, columns) is { } difference ? SchemaErrors.Changed(copied.Name, difference)
        : null;

    private static string? ColumnDifference(
        IReadOnlyList<ColumnSchema> copied, List<(string Name, uint Type, int Modifier)> columns)
    {
        for (var i = 0; i < Math.Max(copied.Count, columns.Count); i++)
        {
            if (i >= columns.Count) return $"column {TableName.Quote(copied[i].Name)} is gone";
            if (i >= copied.Count) return $"column {TableName.Quote(columns[i].Name)} is new";
            var (before, now) = (copied[i], columns[i]);
            if (before.Name != now.Name)
                return $"column {TableName.Quote(before.Name)} is now {TableName.Quote(now.Name)}";
            if (before.Type.Oid != now.Type || before.Type.Modifier != now.Modifier)
                return $"the type of column {TableName.Quote(before.Name)} is no longer {before.Type.DisplayName}";
        }
        return null;
    }

    /// <summary>Why UPDATE and DELETE cannot be tied to the destination's rows; null: they can.</summary>
    public static EtlException? OldRowProblem(TableSchema copied, RelationMessage announced)
    {
        // A whole row holds the key's columns, and finds the row where there was no key.
        if (announced.ReplicaIdentity == 'f' || (copied.KeyColumns.Count > 0 && HasKeyOf(copied, announced)))
            return null;
        return SchemaErrors.Changed(copied.Name, copied.Identity == ReplicaIdentity.Full && copied.KeyColumns.Count == 0
            ? "its replica identity is no longer FULL"
            : OtherIdentity);
    }

    // Under FULL every column is flagged, which says nothing of a key. Without an identity none is: then rows are only
    // inserted.
    private static bool HasKey(RelationMessage announced) =>
        announced.ReplicaIdentity != 'f' && announced.Columns.Any(c => c.IsKey);

    private static bool HasKeyOf(TableSchema copied, RelationMessage announced) => announced.Columns
        .Select((column, index) => (column, index)).Where(c => c.column.IsKey).Select(c => c.index)
        .SequenceEqual(copied.KeyColumns.Order());
}
