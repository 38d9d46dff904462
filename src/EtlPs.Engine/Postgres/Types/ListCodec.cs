using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// An array as a LIST of its elements. The number of dimensions and the lower bounds belong to the value, not to the
/// type, and a LIST has neither: only one dimension that begins at 1 (or an empty array) is carried.
/// </summary>
internal sealed class ListCodec(ColumnCodec element, uint elementOid) : ColumnCodec
{
    private const int HeaderLength = 12;
    private const int DimensionLength = 8;

    public override string DuckDbType { get; } = $"{element.DuckDbType}[]";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < HeaderLength || BinaryPrimitives.ReadUInt32BigEndian(wire[8..]) != elementOid)
            throw Malformed("binary");
        var dimensions = BinaryPrimitives.ReadInt32BigEndian(wire);
        wire = wire[HeaderLength..];
        if (dimensions == 0 && wire.IsEmpty)
        {
            vector.BeginList(row, 0, out _);
            return;
        }

        if (dimensions < 1 || (long)dimensions * DimensionLength > wire.Length)
            throw Malformed("binary");
        if (dimensions > 1)
            throw ManyDimensions();
        var count = BinaryPrimitives.ReadInt32BigEndian(wire);
        var lowerBound = BinaryPrimitives.ReadInt32BigEndian(wire[4..]);
        wire = wire[DimensionLength..];

        // Checked before memory is reserved for so many.
        if (count < 0 || (long)count * sizeof(int) > wire.Length)
            throw Malformed("binary");
        if (lowerBound != 1)
            throw OtherLowerBound();

        var elements = vector.BeginList(row, count, out var first);
        for (var i = 0; i < count; i++)
        {
            if (wire.Length < sizeof(int))
                throw Malformed("binary");
            var length = BinaryPrimitives.ReadInt32BigEndian(wire);
            wire = wire[sizeof(int)..];
            if (length == -1)
            {
                elements.SetNull(first + i);
                continue;
            }

            if ((uint)length > (uint)wire.Length)
                throw Malformed("binary");
            element.ReadBinary(wire[..length], elements, first + i);
            wire = wire[length..];
        }

        if (!wire.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        // Bounds are written out only where one of them is not 1: [2:3]={7,8}.
        if (wire.StartsWith("["u8))
            throw OtherLowerBound();
        var count = 0;
        for (var counted = new ArrayText(wire); MoveNext(ref counted);)
            count++;
        var elements = vector.BeginList(row, count, out var index);
        for (var text = new ArrayText(wire); MoveNext(ref text); index++)
        {
            if (text.IsNull)
                elements.SetNull(index);
            else
                element.ReadText(text.HasEscapes ? Unescape(text.Element, vector) : text.Element, elements, index);
        }
    }

    private static UnrepresentableValueException ManyDimensions() => new("an array of more than one dimension");

    private static UnrepresentableValueException OtherLowerBound() => new("an array whose lower bound is not 1");

    private static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> escaped, ColumnVector vector)
    {
        var bytes = vector.Allocate(escaped.Length);
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == (byte)'\\')
                i++;
            bytes[length++] = escaped[i];
        }

        return bytes[..length];
    }

    private bool MoveNext(ref ArrayText text) => text.MoveNext() switch
    {
        ArrayTextStep.Element => true,
        ArrayTextStep.End => false,
        ArrayTextStep.Nested => throw ManyDimensions(),
        _ => throw Malformed("text"),
    };
}
