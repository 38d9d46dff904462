using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>Whether a sample of a column's values arrives in DuckDB as what they are.</summary>
public sealed class EtlColumnFidelity
{
    internal EtlColumnFidelity(RegisteredPipeline pipeline, ColumnFidelity column)
    {
        Name = pipeline.Name;
        Table = column.Table.ToString();
        Column = column.Column;
        PostgresType = column.PostgresType;
        DuckDbType = column.DuckDbType;
        Rows = column.Rows;
        Exact = column.Exact;
        Reason = column.Reason;
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>The table in Postgres.</summary>
    public string Table { get; }

    /// <summary>Its column.</summary>
    public string Column { get; }

    /// <summary>The column's type in Postgres.</summary>
    public string PostgresType { get; }

    /// <summary>The type that it has in DuckDB, as the pipeline is defined.</summary>
    public string DuckDbType { get; }

    /// <summary>How many rows were taken.</summary>
    public int Rows { get; }

    /// <summary>Whether all of them are exact; null: values of this type are read, and not compared.</summary>
    public bool? Exact { get; }

    /// <summary>Why not: kinds of values and how many, never a value.</summary>
    public string? Reason { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Table}.{Column}: {(Exact == true ? "exact" : Reason)}";
}
