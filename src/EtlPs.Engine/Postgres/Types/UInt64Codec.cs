using System.Buffers.Binary;
using System.Buffers.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>xid8: a number without a sign.</summary>
internal sealed class UInt64Codec : ColumnCodec
{
    public override string DuckDbType => "UBIGINT";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(ulong))
            throw Malformed("binary");
        vector.Set(row, BinaryPrimitives.ReadUInt64BigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!Utf8Parser.TryParse(wire, out ulong value, out var consumed) || consumed != wire.Length)
            throw Malformed("text");
        vector.Set(row, value);
    }
}
