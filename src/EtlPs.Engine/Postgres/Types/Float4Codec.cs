using System.Buffers.Binary;
using System.Globalization;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// float4: bit for bit from binary; Postgres's text is the shortest that reads back as the same bits.
/// </summary>
internal sealed class Float4Codec : ColumnCodec
{
    // As Postgres sends it; .NET's own has a sign.
    private static readonly float s_nan = BitConverter.UInt32BitsToSingle(0x7FC0_0000);

    public override string DuckDbType => "FLOAT";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(float))
            throw Malformed("binary");
        vector.Set(row, BinaryPrimitives.ReadSingleBigEndian(wire));
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        const NumberStyles style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!float.TryParse(wire, style, CultureInfo.InvariantCulture, out var value))
            throw Malformed("text");
        vector.Set(row, float.IsNaN(value) ? s_nan : value);
    }
}
