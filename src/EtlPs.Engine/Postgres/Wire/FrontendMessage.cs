using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>The messages that a client sends, each as its whole bytes.</summary>
internal static class FrontendMessage
{
    private const int ProtocolVersion = 3 << 16;
    private const int CancelRequestCode = (1234 << 16) | 5678;
    private const int SslRequestCode = (1234 << 16) | 5679;

    private static readonly DateTime PostgresEpoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static byte[] SslRequest() => Untyped([.. Int32(SslRequestCode)]);

    public static byte[] CancelRequest(BackendKey key) =>
        Untyped([.. Int32(CancelRequestCode), .. Int32(key.ProcessId), .. Int32(key.Secret)]);

    public static byte[] Startup(IEnumerable<(string Name, string Value)> parameters) => Untyped(
        [.. Int32(ProtocolVersion), .. parameters.SelectMany(p => (byte[])[.. Text(p.Name), .. Text(p.Value)]), 0]);

    public static byte[] Query(string sql) => Typed('Q', Text(sql));

    public static byte[] Password(string password) => Typed('p', Text(password));

    public static byte[] SaslInitialResponse(string mechanism, string data) =>
        Typed('p', [.. Text(mechanism), .. Int32(Encoding.UTF8.GetByteCount(data)), .. Encoding.UTF8.GetBytes(data)]);

    public static byte[] SaslResponse(string data) => Typed('p', Encoding.UTF8.GetBytes(data));

    public static byte[] Terminate() => Typed('X', []);

    public static byte[] CopyDone() => Typed('c', []);

    /// <summary>A standby's status update, which is what a logical replication's client reports by.</summary>
    /// <param name="written">Up to where was received.</param>
    /// <param name="flushed">Up to where is stored: what the server need not keep.</param>
    /// <param name="asksForAnswer">Whether the server is to answer at once.</param>
    public static byte[] StandbyStatus(Lsn written, Lsn flushed, bool asksForAnswer) => Typed(
        'd',
        [
            (byte)'r', .. Int64((long)written.Value), .. Int64((long)flushed.Value), .. Int64((long)flushed.Value),
            .. Int64((DateTime.UtcNow - PostgresEpoch).Ticks / TimeSpan.TicksPerMicrosecond), asksForAnswer ? (byte)1
            : (byte)0,
        ]);

    private static byte[] Typed(char type, byte[] body) => [(byte)type, .. Untyped(body)];

    private static byte[] Untyped(byte[] body) => [.. Int32(body.Length + sizeof(int)), .. body];

    /// <summary>Zero ends a text, so that one within it would begin another field.</summary>
    private static byte[] Text(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("A text for Postgres holds a zero character.", nameof(text))
        : [.. Encoding.UTF8.GetBytes(text), 0];

    private static byte[] Int64(long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Int32(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
