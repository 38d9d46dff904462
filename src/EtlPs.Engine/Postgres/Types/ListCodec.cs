using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// An array as a LIST, or as LISTs inside each other where the column was declared with several dimensions. How many
/// there are, and where each begins, belongs to the value and not to the type: a value is carried where it has as many
/// dimensions as the column says, each from 1, or none at all, which is an empty LIST.
/// </summary>
internal sealed class ListCodec(ColumnCodec element, uint elementOid, int dimensions, byte delimiter) : ColumnCodec
{
    private const int HeaderLength = 12;
    private const int DimensionLength = 8;
    private const int MostDimensions = 6;
    private const string OtherLowerBound = "an array whose lower bound is not 1";

    private readonly string _otherDimensions =
        dimensions == 1 ? "an array of more than one dimension" : $"an array of other than {dimensions} dimensions";

    public override string DuckDbType { get; } = element.DuckDbType
        + string.Concat(Enumerable.Repeat("[]", dimensions));

    public override bool HoldsEveryValue => false;

    public override bool ReadsBinary => element.ReadsBinary;

    public override string PostgresText(string value) => PostgresText(value, dimensions);

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < HeaderLength || BinaryPrimitives.ReadUInt32BigEndian(wire[8..]) != elementOid)
            throw Malformed("binary");
        var found = BinaryPrimitives.ReadInt32BigEndian(wire);
        wire = wire[HeaderLength..];
        if (found == 0 && wire.IsEmpty)
        {
            vector.BeginList(row, 0, out _);
            return;
        }

        if (found is < 1 or > MostDimensions || found * DimensionLength > wire.Length)
            throw Malformed("binary");
        var bounds = wire[..(found * DimensionLength)];
        var elements = wire[(found * DimensionLength)..];
        if (!HasRoom(bounds, elements.Length))
            throw Malformed("binary");
        if (found != dimensions || !BeginsAtOne(bounds))
        {
            Refuse(vector, row, found != dimensions ? _otherDimensions : OtherLowerBound);
            return;
        }

        ReadLists(bounds, ref elements, vector, row);
        if (!elements.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        // Bounds are written out only where one of them is not 1: [2:3]={7,8}.
        if (wire.StartsWith("["u8))
        {
            Refuse(vector, row, OtherLowerBound);
            return;
        }

        var text = new ArrayText(wire, delimiter);
        if (text.MoveNext() != ArrayTextStep.Open)
            throw Malformed("text");
        ReadLists(ref text, vector, row, dimensions);
        if (text.MoveNext() != ArrayTextStep.End)
            throw Malformed("text");
    }

    private string PostgresText(string value, int depth)
    {
        var member = depth > 1
            ? PostgresText("x", depth - 1)
            : $"CASE WHEN x IS NULL THEN 'NULL' ELSE {QuotedText.Quote(element.PostgresText("x"))} END";
        return $"'{{' || coalesce(array_to_string(list_transform({value}, lambda x: {member}), '{(char)delimiter}'), "
            + "'') || '}'";
    }

    /// <summary>
    /// Whether so many elements can be there, each of four bytes at least: asked before memory is reserved for them.
    /// </summary>
    private static bool HasRoom(ReadOnlySpan<byte> bounds, int length)
    {
        long count = 1;
        for (; !bounds.IsEmpty && count >= 0 && count * sizeof(int) <= length; bounds = bounds[DimensionLength..])
            count = BinaryPrimitives.ReadInt32BigEndian(bounds) is var size and >= 0 ? count * size : -1;
        return count >= 0 && count * sizeof(int) <= length;
    }

    private static bool BeginsAtOne(ReadOnlySpan<byte> bounds)
    {
        for (; !bounds.IsEmpty; bounds = bounds[DimensionLength..])
            if (BinaryPrimitives.ReadInt32BigEndian(bounds[sizeof(int)..]) != 1)
                return false;
        return true;
    }

    private void ReadLists(ReadOnlySpan<byte> bounds, ref ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var count = BinaryPrimitives.ReadInt32BigEndian(bounds);
        bounds = bounds[DimensionLength..];
        var members = vector.BeginList(row, count, out var first);
        for (var i = first; i < first + count; i++)
        {
            if (bounds.IsEmpty)
                ReadElement(ref wire, members, i);
            else
                ReadLists(bounds, ref wire, members, i);
        }
    }

    private void ReadElement(ref ReadOnlySpan<byte> wire, ColumnVector elements, int index)
    {
        var reader = new WireFields(wire);
        switch (reader.Next(out var value))
        {
            case WireField.Null: elements.SetNull(index); break;
            case WireField.Value: element.ReadBinary(value, elements, index); break;
            default: throw Malformed("binary");
        }

        wire = reader.Rest;
    }

    private void ReadLists(ref ArrayText text, ColumnVector vector, int row, int depth)
    {
        var members = vector.BeginList(row, text.CountMembers(), out var index);
        for (; ; index++)
        {
            switch (text.MoveNext())
            {
                case ArrayTextStep.Close:
                    return;
                case ArrayTextStep.Open when depth > 1:
                    ReadLists(ref text, members, index, depth - 1);
                    break;
                case ArrayTextStep.Element when depth == 1:
                    ReadElement(text, members, index);
                    break;
                case ArrayTextStep.Open or ArrayTextStep.Element:
                    throw new UnrepresentableValueException(_otherDimensions);
                default:
                    throw Malformed("text");
            }
        }
    }

    private void ReadElement(ArrayText text, ColumnVector elements, int index)
    {
        if (text.IsNull)
            elements.SetNull(index);
        else
            element.ReadText(text.HasEscapes ? QuotedText.Unescape(text.Element, elements)
                : text.Element, elements, index);
    }
}
