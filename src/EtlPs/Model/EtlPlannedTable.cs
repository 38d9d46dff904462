using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Model;

/// <summary>One table as a run would treat it.</summary>
public sealed class EtlPlannedTable
{
    internal EtlPlannedTable(PlannedTable table)
    {
        Table = table.Source.ToString();
        DestinationTable = table.Destination.ToString();
        State = table.State.ToString();
        WillCopy = table.WillCopy;
        EstimatedRows = table.EstimatedRows;
        Bytes = table.Bytes;
        Ranges = table.Ranges;
        SourceStatement = table.SourceStatement;
        DestinationStatement = table.DestinationStatement;
        Problem = table.Problem?.Message;
    }

    /// <summary>The table in Postgres.</summary>
    public string Table { get; }

    /// <summary>The table in DuckDB.</summary>
    public string DestinationTable { get; }

    /// <summary>Its state before the run.</summary>
    public string State { get; }

    /// <summary>Whether the run would copy it.</summary>
    public bool WillCopy { get; }

    /// <summary>Postgres's estimate; null: never analysed.</summary>
    public long? EstimatedRows { get; }

    /// <summary>Size without indexes, bytes.</summary>
    public long Bytes { get; }

    /// <summary>About how many ranges it is copied in, several at a time; 0: it is not copied.</summary>
    public int Ranges { get; }

    /// <summary>What its rows are read with at the source; a range adds its blocks.</summary>
    public string? SourceStatement { get; }

    /// <summary>What makes it in DuckDB.</summary>
    public string? DestinationStatement { get; }

    /// <summary>Why it would be set aside.</summary>
    public string? Problem { get; }

    /// <inheritdoc/>
    public override string ToString() => Table;
}
