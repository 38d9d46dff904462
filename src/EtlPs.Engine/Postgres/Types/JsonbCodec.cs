using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>jsonb: in binary its text behind a version byte.</summary>
internal sealed class JsonbCodec : ColumnCodec
{
    private const byte Version = 1;

    public override string DuckDbType => "JSON";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < 2 || wire[0] != Version)
            throw Malformed("binary");
        TextCodec.Write(wire[1..], vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        TextCodec.Write(wire, vector, row);
}
