namespace EtlPs.Engine.Postgres.Types;

internal enum ArrayTextStep
{
    Element,
    End,

    /// <summary>An inner brace: a second dimension.</summary>
    Nested,
    Malformed,
}
