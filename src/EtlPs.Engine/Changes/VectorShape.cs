namespace EtlPs.Engine.Changes;

/// <summary>How a vector's rows are laid out in memory.</summary>
internal enum VectorShape
{
    /// <summary>The value itself.</summary>
    Fixed,

    /// <summary>A 16-byte string_t: length, and the bytes or a prefix with a pointer.</summary>
    Bytes,

    /// <summary>
    /// A 16-byte list entry: offset and length in the child vector. A MAP is a list of key and value.
    /// </summary>
    List,

    /// <summary>Nothing of its own but which rows are NULL: a vector for each field.</summary>
    Struct,
}
