using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>What became of one table in a backfill.</summary>
public sealed class EtlTableCopyResult
{
    internal EtlTableCopyResult(string pipeline, TableCopyResult result)
    {
        Name = pipeline;
        Table = result.Source.ToString();
        DestinationTable = result.Destination.ToString();
        State = result.State.ToString();
        Copied = result.Copied;
        Rows = result.Rows;
        Bytes = result.Bytes;
        RowsPerSecond = result.Elapsed > TimeSpan.Zero ? result.Rows / result.Elapsed.TotalSeconds : null;
        Lsn = result.CopiedAt.IsKnown ? result.CopiedAt.ToString() : null;
        Elapsed = result.Elapsed;
        ErrorCode = result.Error?.Code.ToString();
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>The table in Postgres.</summary>
    public string Table { get; }

    /// <summary>The table in DuckDB.</summary>
    public string DestinationTable { get; }

    /// <summary>Its state now.</summary>
    public string State { get; }

    /// <summary>Whether this run copied it; false: an earlier one did, or it was set aside.</summary>
    public bool Copied { get; }

    /// <summary>Rows copied.</summary>
    public long Rows { get; }

    /// <summary>Bytes read from Postgres.</summary>
    public long Bytes { get; }

    /// <summary>Rows for each second of its copy.</summary>
    public double? RowsPerSecond { get; }

    /// <summary>The LSN that the copy is exact at; null for a snapshot without a slot.</summary>
    public string? Lsn { get; }

    /// <summary>From its first range to its last commit.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Why it was set aside: the error's id without <c>EtlPs.</c>.</summary>
    public string? ErrorCode { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Table}: {Rows} rows";
}
