using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Tests.Changes;

/// <summary>Makes pgoutput TupleData, as the server would send it.</summary>
internal static class TupleBytes
{
    /// <summary>A value that the server marks as unchanged TOAST.</summary>
    public const string Unchanged = "\u0001unchanged";

    public static ByteSlice Of(PinnedArena arena, params string?[] values)
    {
        var bytes = new List<byte>();
        var number = new byte[4];
        BinaryPrimitives.WriteInt16BigEndian(number, (short)values.Length);
        bytes.AddRange(number[..2]);
        foreach (var value in values)
        {
            if (value is null or Unchanged)
            {
                bytes.Add(value is null ? TupleFields.Null : TupleFields.Unchanged);
                continue;
            }
            bytes.Add(TupleFields.Text);
            BinaryPrimitives.WriteInt32BigEndian(number, Encoding.UTF8.GetByteCount(value));
            bytes.AddRange(number);
            bytes.AddRange(Encoding.UTF8.GetBytes(value));
        }
        return arena.Add(bytes.ToArray());
    }

    /// <summary>The same, with its columns walked.</summary>
    public static RowTuple Row(PinnedArena arena, params string?[] values)
    {
        var bytes = Of(arena, values);
        var fields = new TupleFields(values.Length);
        fields.Read(bytes.Span);
        return new RowTuple(bytes, fields);
    }

    public static string?[] Read(ByteSlice tuple, int columns)
    {
        var fields = new TupleFields(columns);
        fields.Read(tuple.Span);
        var values = new string?[columns];
        for (var i = 0; i < columns; i++)
            values[i] = fields.Kind(i) switch
            {
                TupleFields.Null => null,
                TupleFields.Unchanged => Unchanged,
                _ => Encoding.UTF8.GetString(fields.Value(tuple.Span, i)),
            };
        return values;
    }
}
