using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>Takes a <see cref="KeyBytes"/> apart into the key's columns.</summary>
internal sealed class KeyFields(TableSchema table)
{
    /// <summary>Writes the key's values into the vectors from <paramref name="firstColumn"/> on.</summary>
    /// <exception cref="TableFailedException">DuckDB's type cannot hold one of them.</exception>
    public void Write(KeyBytes key, NetChanges net, TupleWriter writer, RowAppender target, int firstColumn, int row)
    {
        var bytes = key.Bytes.Span;
        var columns = table.KeyColumns;
        for (var i = 0; i < columns.Count; i++)
        {
            var value = Take(ref bytes);
            try
            {
                writer.WriteExact(columns[i], net.KeyKind(i), value, target[firstColumn + i], row);
            }
            catch (UnrepresentableValueException e)
            {
                throw writer.Unrepresentable(columns[i], e, Describe(key, net));
            }
        }
    }

    private string Describe(KeyBytes key, NetChanges net)
    {
        var bytes = key.Bytes.Span;
        var text = new StringBuilder();
        for (var i = 0; i < table.KeyColumns.Count; i++)
        {
            var column = table.Columns[table.KeyColumns[i]];
            if (i > 0) text.Append(", ");
            text.Append(column.Name).Append('=');
            text.Append(KeyDescription.Value(net.KeyKind(i), column.Type.Oid, Take(ref bytes)));
        }
        return text.ToString();
    }

    // A key of one column is that column's value, with no length before it.
    private ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes)
    {
        var value = bytes;
        if (table.KeyColumns.Count > 1)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            value = bytes.Slice(sizeof(int), length);
            bytes = bytes[(sizeof(int) + length)..];
        }
        return value;
    }
}
