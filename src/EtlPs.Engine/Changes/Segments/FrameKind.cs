namespace EtlPs.Engine.Changes.Segments;

/// <summary>What a frame holds.</summary>
internal enum FrameKind : byte
{
    /// <summary>A pgoutput message as protocol 1 has it.</summary>
    Message = 1,
}
