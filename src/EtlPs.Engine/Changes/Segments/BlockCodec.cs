namespace EtlPs.Engine.Changes.Segments;

/// <summary>How a block is stored.</summary>
internal enum BlockCodec : byte
{
    /// <summary>As it is: small blocks, and those that compression does not make smaller.</summary>
    None = 0,

    /// <summary>One Zstandard frame.</summary>
    Zstandard = 1,
}
