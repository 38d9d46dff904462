using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>jsonb, jsonpath, ltree and lquery: in binary their text behind a version byte.</summary>
internal sealed class VersionedTextCodec(string duckDbType) : ColumnCodec
{
    private const byte Version = 1;

    public override string DuckDbType => duckDbType;

    public override bool HoldsText => true;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        // No JSON is empty; an ltree may be.
        if (wire.Length < (duckDbType == "JSON" ? 2 : 1) || wire[0] != Version)
            throw Malformed("binary");
        TextCodec.Write(wire[1..], vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        TextCodec.Write(wire, vector, row);
}
