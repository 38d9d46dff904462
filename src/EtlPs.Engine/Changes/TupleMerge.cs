using System.Buffers.Binary;

namespace EtlPs.Engine.Changes;

/// <summary>Completes a new row with values that the server sent in the old one.</summary>
internal static class TupleMerge
{
    /// <summary>
    /// The new tuple with every column in <paramref name="columns"/> that is marked unchanged taken from the old tuple.
    /// Only columns that the old tuple truly holds may be named: in an old key, all others read as NULL.
    /// </summary>
    public static RowTuple FillUnchanged(RowTuple @new, RowTuple old, IReadOnlyList<int> columns, PinnedArena arena)
    {
        var length = @new.Bytes.Length;
        var fills = false;
        foreach (var column in columns)
        {
            if (@new.Kind(column) != TupleFields.Unchanged) continue;
            fills = true;
            length += 4 + old.Fields.Length(column);
        }
        if (!fills) return @new;

        var merged = arena.Allocate(length);
        var target = merged.Buffer.AsSpan(merged.Offset, length);
        var columnCount = @new.Fields.Count;
        BinaryPrimitives.WriteInt16BigEndian(target, (short)columnCount);
        var position = 2;
        for (var column = 0; column < columnCount; column++)
        {
            var source = @new.Kind(column) == TupleFields.Unchanged && columns.Contains(column) ? old : @new;
            target[position++] = source.Kind(column);
            if (source.Kind(column) is not (TupleFields.Binary or TupleFields.Text)) continue;
            var value = source.Value(column);
            BinaryPrimitives.WriteInt32BigEndian(target[position..], value.Length);
            value.CopyTo(target[(position + 4)..]);
            position += 4 + value.Length;
        }
        var bytes = merged.Slice(0, position);
        @new.Fields.Read(bytes.Span);
        return new RowTuple(bytes, @new.Fields);
    }
}
