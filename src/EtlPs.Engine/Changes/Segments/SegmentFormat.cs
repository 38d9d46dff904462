using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Changes.Segments;

/// <summary>The measures of docs/design/change-log.md. All numbers are little-endian.</summary>
internal static class SegmentFormat
{
    /// <summary>The version that is written; only this one is read.</summary>
    public const ushort Version = 1;

    /// <summary>Magic, version, kind and the length of the metadata.</summary>
    public const int HeaderLength = 16;

    /// <summary>Raw length, stored length, number of frames, codec and three zero bytes.</summary>
    public const int BlockHeaderLength = 16;

    /// <summary>Length, kind and xid.</summary>
    public const int FrameHeaderLength = 9;

    public const int ChecksumLength = sizeof(uint);

    /// <summary>
    /// A block is closed once it has this many bytes. A frame is never split, so one block may be larger.
    /// </summary>
    public const int BlockSize = 128 << 10;

    public static ReadOnlySpan<byte> Magic => "ETLPSSEG"u8;

    public static EtlException Damaged(string what) => new(
        EtlErrorCode.SegmentDamaged,
        $"A segment cannot be read: {what}.",
        "Nothing of it was used. Check the disk that it lies on. If it belongs to a transaction that a stream kept "
        + "aside, start the stream again: nothing is lost, the server sends the transaction again.");
}
