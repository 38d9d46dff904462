using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>Which format a stream of tables has to have.</summary>
internal static class StreamFormat
{
    /// <summary>Binary, unless a column of the tables would fail in it or come in a form that is not read.</summary>
    public static ValueFormat Of(IEnumerable<TableSchema> tables) =>
        tables.Any(t => t.Columns.Any(NeedsText)) ? ValueFormat.Text : ValueFormat.Binary;

    // A type that has no send function of its own comes as text by itself: it fails only inside another.
    private static bool NeedsText(ColumnSchema column) =>
        !column.Type.IsTextOnly && !ColumnCodecs.Find(column).ReadsBinary;
}
