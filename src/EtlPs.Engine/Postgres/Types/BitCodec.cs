using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// bit(n): DuckDB keeps the number of padding bits, then the bits behind a padding of ones; Postgres has its padding at
/// the end.
/// </summary>
internal sealed class BitCodec : ColumnCodec
{
    public override string DuckDbType => "BIT";

    public override bool HoldsEveryValue => false;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < sizeof(int))
            throw Malformed("binary");
        var length = BinaryPrimitives.ReadInt32BigEndian(wire);
        wire = wire[sizeof(int)..];
        if (length < 0 || wire.Length != (length + 7L) / 8)
            throw Malformed("binary");
        var bits = Begin(length, vector, out var padding);
        for (var i = 0; i < wire.Length; i++)
            bits[i + 1] = (byte)((wire[i] >> padding) | (i > 0 ? wire[i - 1] << (8 - padding) : 0));
        End(bits, padding, vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var bits = Begin(wire.Length, vector, out var padding);
        bits.Clear();
        for (var i = 0; i < wire.Length; i++)
        {
            if (wire[i] is not ((byte)'0' or (byte)'1'))
                throw Malformed("text");
            var place = i + padding;
            bits[1 + (place / 8)] |= (byte)((wire[i] - '0') << (7 - (place % 8)));
        }

        End(bits, padding, vector, row);
    }

    private static Span<byte> Begin(int length, ColumnVector vector, out int padding)
    {
        if (length == 0)
            throw new UnrepresentableValueException("a bit string without bits");
        padding = (8 - (length % 8)) % 8;
        return vector.Allocate(1 + ((length + padding) / 8));
    }

    private static void End(Span<byte> bits, int padding, ColumnVector vector, int row)
    {
        bits[0] = (byte)padding;
        bits[1] |= (byte)(0xFF00 >> padding);
        vector.SetBytes(row, bits);
    }
}
