using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>A value that a pipeline rounded, or wrote NULL in place of.</summary>
public sealed class EtlLoss
{
    internal EtlLoss(RegisteredPipeline pipeline, TableLoss loss)
    {
        Name = pipeline.Name;
        Table = loss.Source.ToString();
        DestinationTable = loss.Destination.ToString();
        Column = loss.Column;
        Key = loss.Key;
        Lsn = loss.Lsn.IsKnown ? loss.Lsn.ToString() : null;
        Kind = loss.Kind;
        Time = loss.Time;
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>The table in Postgres.</summary>
    public string Table { get; }

    /// <summary>The table in DuckDB.</summary>
    public string DestinationTable { get; }

    /// <summary>The column in Postgres.</summary>
    public string Column { get; }

    /// <summary>The row's key: <c>id=42</c>; null: the table has none.</summary>
    public string? Key { get; }

    /// <summary>Where the destination stood with it; null: copied without a slot.</summary>
    public string? Lsn { get; }

    /// <summary>
    /// The kind of value, never the value: <c>NaN</c>; or what it was rounded to: <c>rounded to DOUBLE</c>.
    /// </summary>
    public string Kind { get; }

    /// <summary>When it was written, UTC.</summary>
    public DateTimeOffset Time { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Table}.{Column}{(Key is null ? "" : $", {Key}")}: {Kind}";
}
