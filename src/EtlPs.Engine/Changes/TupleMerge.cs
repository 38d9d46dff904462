using System.Buffers.Binary;

namespace EtlPs.Engine.Changes;

/// <summary>Completes a new row with values that the server sent in the old one.</summary>
internal static class TupleMerge
{
    /// <summary>
    /// The new tuple with every column in <paramref name="columns"/> that is marked unchanged taken from the old tuple.
    /// Only columns that the old tuple truly holds may be named: in an old key, all others read as NULL.
    /// </summary>
    public static ByteSlice FillUnchanged(
        ByteSlice newTuple, TupleFields newFields, ByteSlice oldTuple, TupleFields oldFields,
        IReadOnlyList<int> columns, int columnCount, PinnedArena arena)
    {
        var length = newTuple.Length;
        var fills = false;
        foreach (var column in columns)
        {
            if (newFields.Kind(column) != TupleFields.Unchanged) continue;
            fills = true;
            length += 4 + oldFields.Length(column);
        }
        if (!fills) return newTuple;

        var merged = arena.Allocate(length);
        var target = merged.Buffer.AsSpan(merged.Offset, length);
        BinaryPrimitives.WriteInt16BigEndian(target, (short)columnCount);
        var position = 2;
        for (var column = 0; column < columnCount; column++)
        {
            var fromOld = newFields.Kind(column) == TupleFields.Unchanged && columns.Contains(column);
            var fields = fromOld ? oldFields : newFields;
            var kind = fields.Kind(column);
            target[position++] = kind;
            if (kind is not (TupleFields.Binary or TupleFields.Text)) continue;
            var value = fields.Value((fromOld ? oldTuple : newTuple).Span, column);
            BinaryPrimitives.WriteInt32BigEndian(target[position..], value.Length);
            value.CopyTo(target[(position + 4)..]);
            position += 4 + value.Length;
        }
        return merged.Slice(0, position);
    }
}
