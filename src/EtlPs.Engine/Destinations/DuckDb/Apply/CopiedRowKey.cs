using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>The key of a row in a COPY BINARY block, in words.</summary>
internal static class CopiedRowKey
{
    /// <summary><c>id=42</c>; empty where the table has no key.</summary>
    public static string Of(TableSchema table, ReadOnlySpan<byte> block, int rowOffset)
    {
        var row = new CopyRow(block, rowOffset);
        var text = new StringBuilder();
        foreach (var column in table.KeyColumns)
        {
            var field = row.Locate(column);
            if (text.Length > 0) text.Append(", ");
            text.Append(table.Columns[column].Name).Append('=');
            text.Append(field.Length < 0
                ? KeyDescription.Value(TupleFields.Null, 0, default)
                : KeyDescription.Value(
                    TupleFields.Binary, table.Columns[column].Type.Oid, block.Slice(field.Offset, field.Length)));
        }
        return text.ToString();
    }
}
