using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Model;

/// <summary>One thing that a run would create, change or drop.</summary>
public sealed class EtlPlannedEffect
{
    internal EtlPlannedEffect(PlannedEffect effect)
    {
        Action = effect.Action;
        Target = effect.Target;
        Statement = effect.Statement;
    }

    /// <summary>What is done.</summary>
    public string Action { get; }

    /// <summary>What it is done to.</summary>
    public string Target { get; }

    /// <summary>The SQL or replication command, where it is one.</summary>
    public string? Statement { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Action}: {Target}";
}
