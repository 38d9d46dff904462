using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// int2vector and oidvector: arrays of one dimension that begin at 0, in text <c>1 2 3</c>. The bound is the type's.
/// </summary>
internal sealed class VectorCodec(ColumnCodec element, uint elementOid) : ColumnCodec
{
    private const int HeaderLength = 5 * sizeof(int);

    public override string DuckDbType { get; } = $"{element.DuckDbType}[]";

    public override string PostgresText(string value) => $"coalesce(array_to_string({value}, ' '), '')";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < HeaderLength || BinaryPrimitives.ReadInt32BigEndian(wire) != 1
            || BinaryPrimitives.ReadUInt32BigEndian(wire[8..]) != elementOid)
            throw Malformed("binary");
        var count = BinaryPrimitives.ReadInt32BigEndian(wire[12..]);
        var fields = new WireFields(wire[HeaderLength..]);
        if (count < 0 || (long)count * sizeof(int) > fields.Rest.Length)
            throw Malformed("binary");
        var elements = vector.BeginList(row, count, out var first);
        for (var i = first; i < first + count; i++)
        {
            if (fields.Next(out var value) != WireField.Value)
                throw Malformed("binary");
            element.ReadBinary(value, elements, i);
        }

        if (!fields.Rest.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var elements = vector.BeginList(row, wire.IsEmpty ? 0 : wire.Count((byte)' ') + 1, out var index);
        for (; !wire.IsEmpty; index++)
        {
            var length = wire.IndexOf((byte)' ');
            element.ReadText(length < 0 ? wire : wire[..length], elements, index);
            if (length == wire.Length - 1)
                throw Malformed("text");
            wire = length < 0 ? default : wire[(length + 1)..];
        }
    }
}
