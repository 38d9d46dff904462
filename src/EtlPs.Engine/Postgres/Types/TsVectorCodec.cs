using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>tsvector: <c>'cat':3A 'it''s':1,4B</c>.</summary>
internal sealed class TsVectorCodec : FormattedCodec
{
    private const int PositionBits = 14;
    private const int LongestPosition = 7;

    public override bool HoldsText => true;

    // Doubled quotes at most double a lexeme; one has at least three bytes around it on the wire, and four in the text.
    protected override int LongestText(ReadOnlySpan<byte> wire) =>
        wire.Length < sizeof(int) || wire.Length > int.MaxValue / LongestPosition
        ? NoText
        : wire.Length * LongestPosition / 2;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var writer = new AsciiWriter(text);
        var count = BinaryPrimitives.ReadInt32BigEndian(wire);
        wire = wire[sizeof(int)..];
        for (var i = 0; i < count; i++)
        {
            var length = wire.IndexOf((byte)0);
            if (length < 0 || wire.Length < length + 1 + sizeof(short))
                return NoText;
            var positions = BinaryPrimitives.ReadUInt16BigEndian(wire[(length + 1)..]);
            var lexeme = wire[..length];
            wire = wire[(length + 1 + sizeof(short))..];
            if (wire.Length < positions * sizeof(short))
                return NoText;
            if (i > 0)
                writer.Write(' ');
            WriteLexeme(lexeme, ref writer);
            WritePositions(wire[..(positions * sizeof(short))], ref writer);
            wire = wire[(positions * sizeof(short))..];
        }

        return count >= 0 && wire.IsEmpty ? writer.Length : NoText;
    }

    /// <summary>A lexeme in quotes.</summary>
    public static void WriteLexeme(ReadOnlySpan<byte> lexeme, ref AsciiWriter writer)
    {
        writer.Write('\'');
        foreach (var character in lexeme)
        {
            if (character is (byte)'\'' or (byte)'\\')
                writer.Write((char)character);
            writer.Write((char)character);
        }

        writer.Write('\'');
    }

    private static void WritePositions(ReadOnlySpan<byte> positions, ref AsciiWriter writer)
    {
        for (var at = 0; at < positions.Length; at += sizeof(short))
        {
            var entry = BinaryPrimitives.ReadUInt16BigEndian(positions[at..]);
            writer.Write(at == 0 ? ':' : ',');
            writer.Write(entry & ((1 << PositionBits) - 1));
            if ((entry >> PositionBits) is var weight and > 0)
                writer.Write("DCBA"[weight]);
        }
    }
}
