using System.Buffers.Binary;
using System.Text;

namespace EtlPs.Testing.Poolers;

/// <summary>What a client begins with: a code, and parameters by name.</summary>
internal sealed record StartupPacket(int Code, IReadOnlyDictionary<string, string> Parameters)
{
    public const int Protocol3 = 3 << 16;
    public const int TlsRequest = 80877103;
    public const int GssRequest = 80877104;

    public static async Task<StartupPacket> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new byte[8];
        await stream.ReadExactlyAsync(head, cancellationToken);
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - head.Length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        int code = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4));
        string[] words = code == Protocol3 ? Encoding.UTF8.GetString(body).Split('\0') : [];
        return new StartupPacket(
            code, words.Chunk(2).Where(pair => pair is [{ Length: > 0 }, _]).ToDictionary(
                pair => pair[0], pair => pair[1]));
    }

    public byte[] ToBytes()
    {
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Parameters.Select(p => $"{p.Key}\0{p.Value}\0")) + "\0");
        var bytes = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), Code);
        body.CopyTo(bytes, 8);
        return bytes;
    }
}
