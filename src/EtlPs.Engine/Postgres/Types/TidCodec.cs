using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>tid: <c>(block,offset)</c>.</summary>
internal sealed class TidCodec : FormattedCodec
{
    private const int WireLength = 6;
    private const int Longest = 18;

    protected override int LongestText(ReadOnlySpan<byte> wire) => wire.Length == WireLength ? Longest : NoText;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var writer = new AsciiWriter(text);
        writer.Write('(');
        writer.Write((long)BinaryPrimitives.ReadUInt32BigEndian(wire));
        writer.Write(',');
        writer.Write((long)BinaryPrimitives.ReadUInt16BigEndian(wire[4..]));
        writer.Write(')');
        return writer.Length;
    }
}
