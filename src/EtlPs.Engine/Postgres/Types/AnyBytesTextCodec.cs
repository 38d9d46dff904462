using System.Text.Unicode;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// Text of a database without an encoding as VARCHAR, whatever its bytes are: as it is, or, where it is no UTF-8, as
/// bytea is written, <c>\xe9</c>. So is text that begins like that: whatever begins so is the hex of the value's bytes,
/// and nothing else.
/// </summary>
internal sealed class AnyBytesTextCodec : ColumnCodec
{
    private static ReadOnlySpan<byte> HexPrefix => "\\x"u8;

    public override string DuckDbType => "VARCHAR";

    public override bool HoldsText => true;

    public override string PostgresLiteral(string text) => text.StartsWith("\\x", StringComparison.Ordinal)
        ? $"pg_catalog.convert_from({SqlLiteral.Of(text)}::pg_catalog.bytea, 'SQL_ASCII')"
        : SqlLiteral.Of(text);

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => Write(wire, vector, row);

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => Write(wire, vector, row);

    private static void Write(ReadOnlySpan<byte> bytes, ColumnVector vector, int row)
    {
        if (Utf8.IsValid(bytes) && !bytes.StartsWith(HexPrefix))
        {
            vector.SetBytes(row, bytes);
            return;
        }

        var text = vector.Allocate(HexPrefix.Length + (2 * bytes.Length));
        HexPrefix.CopyTo(text);
        for (var i = 0; i < bytes.Length; i++)
        {
            text[HexPrefix.Length + (2 * i)] = HexDigit.Of(bytes[i] >> 4);
            text[HexPrefix.Length + (2 * i) + 1] = HexDigit.Of(bytes[i] & 0xF);
        }

        vector.SetBytes(row, text);
    }
}
