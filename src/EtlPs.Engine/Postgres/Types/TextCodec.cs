using System.Text.Unicode;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// text, varchar, char(n) with its padding, name, citext, xml, and json, whose text is kept as it is: the bytes pass
/// through.
/// </summary>
internal sealed class TextCodec(string duckDbType) : ColumnCodec
{
    public override string DuckDbType => duckDbType;

    public override bool HoldsText => true;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => Write(wire, vector, row);

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => Write(wire, vector, row);

    /// <summary>Writes text after checking it.</summary>
    internal static void Write(ReadOnlySpan<byte> utf8, ColumnVector vector, int row)
    {
        // Databases in SQL_ASCII hold anything, and DuckDB's vectors take it without a check.
        if (!Utf8.IsValid(utf8))
            Refuse(vector, row, "bytes that are no UTF-8");
        else
            vector.SetBytes(row, utf8);
    }
}
