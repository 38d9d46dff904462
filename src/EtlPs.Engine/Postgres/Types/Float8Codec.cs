using System.Buffers.Binary;
using System.Globalization;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// float8: bit for bit from binary; Postgres's text is the shortest that reads back as the same bits.
/// </summary>
internal sealed class Float8Codec : ColumnCodec
{
    /// <summary>NaN as Postgres sends it; .NET's own has a sign.</summary>
    public static readonly double NaN = BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0000);

    public override string DuckDbType => "DOUBLE";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(double))
            throw Malformed("binary");
        vector.Set(row, BinaryPrimitives.ReadDoubleBigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        const NumberStyles style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!double.TryParse(wire, style, CultureInfo.InvariantCulture, out var value))
            throw Malformed("text");
        vector.Set(row, double.IsNaN(value) ? NaN : value);
    }
}
