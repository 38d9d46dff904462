namespace EtlPs.Engine.Changes.Segments;

/// <summary>What a segment holds.</summary>
internal enum SegmentKind : ushort
{
    /// <summary>The messages of one transaction that had not committed when they were written.</summary>
    OpenTransaction = 1,
}
