namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>How a check came out.</summary>
public enum CheckStatus
{
    /// <summary>Nothing stands in the way.</summary>
    Passed,

    /// <summary>A run would go ahead; a careful person would want to know before.</summary>
    Warning,

    /// <summary>A run would be refused, or the source's own writes would fail or do already.</summary>
    Failed,
}
