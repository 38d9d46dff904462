using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>bytea: in text as bytea_output hex has it, <c>\x00ff</c>.</summary>
internal sealed class ByteaCodec : ColumnCodec
{
    public override string DuckDbType => "BLOB";

    public override string PostgresText(string value) => $"'\\x' || hex({value})";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        vector.SetBytes(row, wire);

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!wire.StartsWith("\\x"u8) || wire.Length % 2 != 0)
            throw Malformed("text");
        var hex = wire[2..];
        var bytes = vector.Allocate(hex.Length / 2);
        for (var i = 0; i < bytes.Length; i++)
        {
            var high = HexDigit.Value(hex[2 * i]);
            var low = HexDigit.Value(hex[(2 * i) + 1]);
            if ((high | low) < 0)
                throw Malformed("text");
            bytes[i] = (byte)((high << 4) | low);
        }

        vector.SetBytes(row, bytes);
    }
}
