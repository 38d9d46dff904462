using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Model;

/// <summary>What a run would do, found out by reads only.</summary>
public sealed class EtlPlan
{
    internal EtlPlan(PipelinePlan plan)
    {
        Name = plan.Pipeline;
        Operation = plan.Operation;
        Source = plan.Source;
        Destination = plan.Destination;
        Effects = [.. plan.Effects.Select(effect => new EtlPlannedEffect(effect))];
        Tables = [.. plan.Tables.Select(table => new EtlPlannedTable(table))];
        Warnings = [.. plan.Warnings];
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>Backfill, Stream or Remove.</summary>
    public string Operation { get; }

    /// <summary>The source, without secrets.</summary>
    public string Source { get; }

    /// <summary>The destination.</summary>
    public string Destination { get; }

    /// <summary>Everything that would be created, changed or dropped, in order.</summary>
    public EtlPlannedEffect[] Effects { get; }

    /// <summary>The tables and what would become of them.</summary>
    public EtlPlannedTable[] Tables { get; }

    /// <summary>What to know before.</summary>
    public string[] Warnings { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} of {Name}: {Effects.Length} effects, {Tables.Length} tables";
}
