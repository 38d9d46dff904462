using System.Buffers.Binary;
using EtlPs.Engine.Tests.Types;

namespace EtlPs.Engine.Tests.Copy;

/// <summary>Writes a COPY BINARY stream as a server would, or as it never would.</summary>
internal sealed class CopyBytes
{
    private readonly List<byte> _bytes = [];

    public static byte[] Header { get; } = [.. "PGCOPY\n"u8, 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public static byte[] Int4(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    public CopyBytes Row(params byte[]?[] fields)
    {
        Int16((short)fields.Length);
        foreach (var field in fields)
            Field(field);
        return this;
    }

    public CopyBytes Int16(short value) => Raw((byte)(value >> 8), (byte)value);

    public CopyBytes Field(byte[]? field) => Raw(Int4(field?.Length ?? -1)).Raw(field ?? []);

    public CopyBytes Trailer() => Int16(-1);

    public CopyBytes Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>The stream behind a header, pinned.</summary>
    public byte[] ToArray() => CopyTarget.Pinned([.. Header, .. _bytes]);
}
