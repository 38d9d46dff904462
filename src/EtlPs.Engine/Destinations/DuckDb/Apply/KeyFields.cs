using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>Takes a <see cref="KeyBytes"/> apart into the key's columns.</summary>
internal sealed class KeyFields(TableSchema table)
{
    /// <summary>Writes the key's values into the vectors from <paramref name="firstColumn"/> on.</summary>
    public void Write(KeyBytes key, NetChanges net, TupleWriter writer, RowAppender target, int firstColumn, int row)
    {
        var bytes = key.Bytes.Span;
        var columns = table.KeyColumns;
        for (var i = 0; i < columns.Count; i++)
        {
            var value = bytes;
            if (columns.Count > 1)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                value = bytes.Slice(4, length);
                bytes = bytes[(4 + length)..];
            }
            writer.Write(columns[i], net.KeyKind(i), value, target[firstColumn + i], row);
        }
    }
}
