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
        Bytes = plan.Estimate?.Bytes;
        EstimatedTime = plan.Estimate?.Time;
        EstimatedWalBytes = plan.Estimate?.WalBytes;
        Statements =
        [
            .. plan.Effects.Select(effect => effect.Statement).OfType<string>(),
            .. plan.Tables.Select(table => table.SourceStatement).OfType<string>(),
        ];
        DestinationStatements = [.. plan.Tables.Select(table => table.DestinationStatement).OfType<string>()];
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>Backfill, Stream, Reset, Remove, Initialize or Watch.</summary>
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

    /// <summary>What the tables to copy hold at the source, bytes, without indexes; null: nothing is copied.</summary>
    public long? Bytes { get; }

    /// <summary>How long the copy may take, by a rule of thumb; null: nothing is copied.</summary>
    public TimeSpan? EstimatedTime { get; }

    /// <summary>
    /// WAL that the source may write meanwhile, at its average rate until now, and keeps for the slot, bytes; null:
    /// none is kept, or the rate is not known.
    /// </summary>
    public long? EstimatedWalBytes { get; }

    /// <summary>The statements at the source, in order: what is made and dropped, then how tables are read.</summary>
    public string[] Statements { get; }

    /// <summary>The statements that make tables in DuckDB.</summary>
    public string[] DestinationStatements { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} of {Name}: {Effects.Length} effects, {Tables.Length} tables";
}
