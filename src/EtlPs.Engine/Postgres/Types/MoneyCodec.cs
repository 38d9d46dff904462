using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// money: a number of the smallest units, of which lc_monetary says how many there are to one. All sessions here have
/// the C locale's hundred, where the text is <c>-$1,234.56</c>.
/// </summary>
internal sealed class MoneyCodec : ColumnCodec
{
    private const int DecimalPlaces = 2;

    public override string DuckDbType => "DECIMAL(19,2)";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(long))
            throw Malformed("binary");
        vector.Set(row, (Int128)BinaryPrimitives.ReadInt64BigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var negative = wire.StartsWith("-"u8);
        if (negative)
            wire = wire[1..];
        if (!wire.StartsWith("$"u8))
            throw Malformed("text");
        wire = wire[1..];
        if (wire.Length <= DecimalPlaces + 1 || wire[^(DecimalPlaces + 1)] != (byte)'.')
            throw Malformed("text");
        Int128 units = 0;
        foreach (var character in wire)
        {
            if (character is (byte)',' or (byte)'.')
                continue;
            if (character is < (byte)'0' or > (byte)'9' || units > long.MaxValue)
                throw Malformed("text");
            units = (units * 10) + (character - '0');
        }

        units = negative ? -units : units;
        if (units < long.MinValue || units > long.MaxValue)
            throw Malformed("text");
        vector.Set(row, units);
    }
}
