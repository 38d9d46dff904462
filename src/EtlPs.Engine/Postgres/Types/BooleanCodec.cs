using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

internal sealed class BooleanCodec : ColumnCodec
{
    public override string DuckDbType => "BOOLEAN";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != 1 || wire[0] > 1)
            throw Malformed("binary");
        vector.Set(row, wire[0]);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != 1 || wire[0] is not ((byte)'t' or (byte)'f'))
            throw Malformed("text");
        vector.Set(row, wire[0] == (byte)'t' ? (byte)1 : (byte)0);
    }
}
