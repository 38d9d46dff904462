namespace EtlPs.Engine.Tests.Wire;

/// <summary>Hands out bytes a few at a time, as a network may.</summary>
internal sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
{
    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, piece)]);
}
