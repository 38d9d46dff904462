using System.Buffers.Binary;
using System.Text;

namespace EtlPs.Testing.Poolers;

/// <summary>One message of Postgres's protocol, as it is passed on: its type, and all of its bytes.</summary>
internal readonly record struct PoolerMessage(char Type, byte[] Bytes)
{
    /// <summary>What follows type and length.</summary>
    public ReadOnlySpan<byte> Body => Bytes.AsSpan(5);

    public static PoolerMessage Make(char type, params ReadOnlySpan<byte> body)
    {
        var bytes = new byte[5 + body.Length];
        bytes[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), 4 + body.Length);
        body.CopyTo(bytes.AsSpan(5));
        return new PoolerMessage(type, bytes);
    }

    /// <summary>A session that is refused: FATAL, with an SQLSTATE.</summary>
    public static PoolerMessage Refusal(string sqlState, string text) =>
        Make('E', Encoding.UTF8.GetBytes($"SFATAL\0VFATAL\0C{sqlState}\0M{text}\0\0"));

    /// <summary>Null: the other end is gone.</summary>
    public static async Task<PoolerMessage?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new byte[5];
        if (await stream.ReadAtLeastAsync(
            head, head.Length, throwOnEndOfStream: false, cancellationToken) < head.Length) return null;
        var bytes = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        head.CopyTo(bytes, 0);
        await stream.ReadExactlyAsync(bytes.AsMemory(head.Length), cancellationToken);
        return new PoolerMessage((char)head[0], bytes);
    }
}
