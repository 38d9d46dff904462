namespace EtlPs.Engine.Postgres.Types;

/// <summary>What a length on the wire says is behind it.</summary>
internal enum WireField
{
    Value,
    Null,

    /// <summary>The length is none, or there are not as many bytes.</summary>
    Malformed,
}
