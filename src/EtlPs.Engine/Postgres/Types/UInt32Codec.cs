using System.Buffers.Binary;
using System.Buffers.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>oid, xid and cid: numbers without a sign.</summary>
internal sealed class UInt32Codec : ColumnCodec
{
    public override string DuckDbType => "UINTEGER";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(uint))
            throw Malformed("binary");
        vector.Set(row, BinaryPrimitives.ReadUInt32BigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!Utf8Parser.TryParse(wire, out uint value, out var consumed) || consumed != wire.Length)
            throw Malformed("text");
        vector.Set(row, value);
    }
}
