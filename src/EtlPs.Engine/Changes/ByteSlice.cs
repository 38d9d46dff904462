namespace EtlPs.Engine.Changes;

/// <summary>
/// A stretch of a pinned buffer. Cheaper to keep by the hundred thousand than a <see cref="ReadOnlyMemory{T}"/>.
/// </summary>
internal readonly record struct ByteSlice(byte[]? Buffer, int Offset, int Length)
{
    public bool IsPresent => Buffer is not null;

    public ReadOnlySpan<byte> Span => new(Buffer, Offset, Length);

    public ByteSlice Slice(int start, int length) => new(Buffer, Offset + start, length);
}
