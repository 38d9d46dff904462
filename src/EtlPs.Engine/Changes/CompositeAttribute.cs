namespace EtlPs.Engine.Changes;

/// <summary>One attribute of a composite type.</summary>
public sealed record CompositeAttribute(string Name, PostgresType Type);
