using System.Buffers.Binary;
using System.Buffers.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

internal sealed class Int4Codec : ColumnCodec
{
    public override string DuckDbType => "INTEGER";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(int))
            throw Malformed("binary");
        vector.Set(row, BinaryPrimitives.ReadInt32BigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!Utf8Parser.TryParse(wire, out int value, out var consumed) || consumed != wire.Length)
            throw Malformed("text");
        vector.Set(row, value);
    }
}
