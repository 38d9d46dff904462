namespace EtlPs.Engine.Changes.Segments;

/// <summary>One frame of a segment.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Xid">The (sub)transaction it belongs to; 0 where that does not matter any more.</param>
/// <param name="Payload">Its bytes, valid until the next frame is read.</param>
internal readonly record struct SegmentFrame(FrameKind Kind, uint Xid, ReadOnlyMemory<byte> Payload);
