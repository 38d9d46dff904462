using EtlPs.Engine.Sources;

namespace EtlPs.Model;

/// <summary>A table of a source, or what looks like one, apart from any pipeline; goes on to New-EtlPipeline.</summary>
public sealed class EtlSourceTable
{
    internal EtlSourceTable(EtlSource source, SourceTable table)
    {
        Source = source;
        Schema = table.Name.Schema;
        Table = table.Name.ToString();
        Kind = table.Kind.ToString();
        Rows = table.EstimatedRows;
        SizeBytes = table.Bytes;
        Key = [.. table.Key];
        ReplicaIdentity = table.Identity?.ToString();
        CanStream = table.Obstacle is null;
        Reason = table.Obstacle?.Message;
        Remedy = table.Obstacle?.Remedy;
    }

    /// <summary>The source.</summary>
    public EtlSource Source { get; }

    /// <summary>The schema.</summary>
    public string Schema { get; }

    /// <summary>Schema and name as in SQL, quoted where that needs it: what -Table takes.</summary>
    public string Table { get; }

    /// <summary>Table, PartitionedTable, View, MaterializedView or ForeignTable.</summary>
    public string Kind { get; }

    /// <summary>Postgres's estimate; null: never analysed.</summary>
    public long? Rows { get; }

    /// <summary>Size without indexes, bytes.</summary>
    public long SizeBytes { get; }

    /// <summary>The columns that a row is known by in the stream.</summary>
    public string[] Key { get; }

    /// <summary>Default, Full, Index or Nothing; null for what is no table.</summary>
    public string? ReplicaIdentity { get; }

    /// <summary>Whether a pipeline with a publication of its own can copy and stream it.</summary>
    public bool CanStream { get; }

    /// <summary>Why it cannot.</summary>
    public string? Reason { get; }

    /// <summary>What to do about it.</summary>
    public string? Remedy { get; }

    /// <inheritdoc/>
    public override string ToString() => Table;
}
