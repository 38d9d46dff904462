namespace EtlPs.Engine.Postgres.Wire;

/// <summary>A whole message of the server's; good until the next read.</summary>
internal readonly ref struct BackendMessage(byte type, ReadOnlySpan<byte> body)
{
    public byte Type { get; } = type;

    public ReadOnlySpan<byte> Body { get; } = body;
}
