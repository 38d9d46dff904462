using System.Buffers.Binary;
using System.Text;

namespace EtlPs.Engine.Tests.Postgres;

/// <summary>Writes pgoutput messages, big-endian as on the wire.</summary>
internal sealed class PgOutputBytes
{
    private readonly List<byte> _bytes = [];

    public PgOutputBytes(char kind) => Byte((byte)kind);

    public PgOutputBytes Byte(byte value)
    {
        _bytes.Add(value);
        return this;
    }

    public PgOutputBytes Byte(char value) => Byte((byte)value);

    public PgOutputBytes Int16(short value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public PgOutputBytes Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public PgOutputBytes Int64(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public PgOutputBytes String(string value)
    {
        _bytes.AddRange(Encoding.UTF8.GetBytes(value));
        return Byte(0);
    }

    public PgOutputBytes Value(TupleKind kind, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Byte((byte)kind).Int32(bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];

    internal enum TupleKind : byte
    {
        Text = (byte)'t',
        Binary = (byte)'b',
    }
}
