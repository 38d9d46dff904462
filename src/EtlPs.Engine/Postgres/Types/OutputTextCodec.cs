using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>A type that is not known here: as the text of its own output function, in copy and stream alike.</summary>
internal sealed class OutputTextCodec : ColumnCodec
{
    public override string DuckDbType => "VARCHAR";

    public override bool HoldsText => true;

    public override bool ReadsBinary => false;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => throw Malformed("binary");

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        TextCodec.Write(wire, vector, row);
}
