using System.Buffers.Binary;
using System.Numerics;

namespace EtlPs.Engine.Changes.Segments;

/// <summary>CRC-32C (Castagnoli), by the processor's own instruction where it has one.</summary>
internal static class Crc32C
{
    /// <summary>Continues from the checksum of what came before; 0 at the beginning.</summary>
    public static uint Append(uint previous, ReadOnlySpan<byte> bytes)
    {
        var crc = ~previous;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
