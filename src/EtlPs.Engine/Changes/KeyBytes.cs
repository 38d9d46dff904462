using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EtlPs.Engine.Changes;

/// <summary>
/// What identifies a row, as Postgres's own bytes. Bytes are enough: Postgres logs the old key exactly as the row held
/// it, and two keys that are equal but differ in bytes (1.0 and 1.00) count as a changed key for it too.
/// </summary>
internal readonly struct KeyBytes(ByteSlice bytes) : IEquatable<KeyBytes>
{
    /// <summary>
    /// What one takes as a key of a dictionary of numbers: beside itself a number, a hash, a link and a bucket.
    /// </summary>
    public static readonly long BytesInIndex = Unsafe.SizeOf<KeyBytes>() + (4 * sizeof(int));

    private readonly int _hash = Hash(bytes.Span);

    public ByteSlice Bytes { get; } = bytes;

    public bool Equals(KeyBytes other) => _hash == other._hash && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override bool Equals(object? obj) => obj is KeyBytes other && Equals(other);

    public override int GetHashCode() => _hash;

    private static int Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 0x9E3779B97F4A7C15UL ^ (ulong)bytes.Length;
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        ulong rest = 0;
        foreach (var b in bytes) rest = (rest << 8) | b;
        hash = Mix(hash ^ rest);
        return (int)(hash ^ (hash >> 32));
    }

    private static ulong Mix(ulong value) =>
        BitOperations.RotateLeft(value * 0xFF51AFD7ED558CCDUL, 31) * 0xC4CEB9FE1A85EC53UL;
}
