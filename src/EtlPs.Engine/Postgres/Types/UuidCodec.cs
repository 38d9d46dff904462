using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// uuid: DuckDB keeps it as a signed 128-bit number with the top bit flipped, so that it sorts as text does.
/// </summary>
internal sealed class UuidCodec : ColumnCodec
{
    private const int Length = 16;
    private const int TextLength = 36;
    private const ulong TopBit = 1UL << 63;

    public override string DuckDbType => "UUID";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != Length)
            throw Malformed("binary");
        Write(BinaryPrimitives.ReadUInt64BigEndian(wire), BinaryPrimitives.ReadUInt64BigEndian(wire[8..]), vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != TextLength)
            throw Malformed("text");
        ulong high = 0, low = 0;
        for (var i = 0; i < TextLength; i++)
        {
            if (i is 8 or 13 or 18 or 23)
            {
                if (wire[i] != (byte)'-')
                    throw Malformed("text");
                continue;
            }

            var digit = HexDigit.Value(wire[i]);
            if (digit < 0)
                throw Malformed("text");
            high = (high << 4) | (low >> 60);
            low = (low << 4) | (uint)digit;
        }

        Write(high, low, vector, row);
    }

    private static void Write(ulong high, ulong low, ColumnVector vector, int row) =>
        vector.Set(row, new UInt128(high ^ TopBit, low));
}
