using System.Buffers.Binary;
using System.Buffers.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

internal sealed class Int2Codec : ColumnCodec
{
    public override string DuckDbType => "SMALLINT";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(short))
            throw Malformed("binary");
        vector.Set(row, BinaryPrimitives.ReadInt16BigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!Utf8Parser.TryParse(wire, out short value, out var consumed) || consumed != wire.Length)
            throw Malformed("text");
        vector.Set(row, value);
    }
}
