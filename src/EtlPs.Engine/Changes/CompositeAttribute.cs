namespace EtlPs.Engine.Changes;

/// <summary>One attribute of a composite type.</summary>
public sealed record CompositeAttribute(string Name, PostgresType Type)
{
    /// <summary>
    /// attnum, which one that was dropped and added again under its name has not kept; 0: not known, in files of
    /// earlier versions.
    /// </summary>
    public short AttributeNumber { get; init; }
}
