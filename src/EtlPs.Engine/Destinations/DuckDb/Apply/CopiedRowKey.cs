using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>The key of a row in a COPY BINARY block, in words.</summary>
internal static class CopiedRowKey
{
    /// <summary><c>id=42</c>; empty where the table has no key.</summary>
    public static string Of(TableSchema table, ReadOnlySpan<byte> block, int rowOffset)
    {
        var row = new CopyRow(block, rowOffset);
        var text = new StringBuilder();
        foreach (var index in table.KeyColumns)
        {
            var (column, field) = (table.Columns[index], row.Locate(index));
            var kind = field.Length < 0 ? TupleFields.Null
                : ColumnCodecs.Find(column).ReadsBinary ? TupleFields.Binary : TupleFields.Text;
            if (text.Length > 0) text.Append(", ");
            text.Append(column.Name).Append('=');
            text.Append(KeyDescription.Value(
                kind, column.Type.Oid, field.Length < 0 ? default : block.Slice(field.Offset, field.Length)));
        }
        return text.ToString();
    }
}
