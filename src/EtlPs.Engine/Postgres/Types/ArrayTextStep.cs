namespace EtlPs.Engine.Postgres.Types;

internal enum ArrayTextStep
{
    /// <summary>A brace: the array, or one of its inner arrays.</summary>
    Open,
    Element,
    Close,
    End,
    Malformed,
}
