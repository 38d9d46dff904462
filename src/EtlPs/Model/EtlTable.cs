using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>A table of a pipeline as its destination knows it.</summary>
public sealed class EtlTable
{
    internal EtlTable(TableStatus status)
    {
        Table = status.Source.ToString();
        DestinationTable = status.Destination.ToString();
        State = status.State.ToString();
        Rows = status.Rows;
        Lsn = status.CopiedAt.IsKnown ? status.CopiedAt.ToString() : null;
        ErrorCode = status.ErrorCode;
        ErrorMessage = status.ErrorMessage;
    }

    /// <summary>The table in Postgres.</summary>
    public string Table { get; }

    /// <summary>The table in DuckDB.</summary>
    public string DestinationTable { get; }

    /// <summary>Pending, Copying, CatchingUp, Ready or SetAside.</summary>
    public string State { get; }

    /// <summary>Rows that the backfill copied.</summary>
    public long Rows { get; }

    /// <summary>The LSN that the copy was exact at.</summary>
    public string? Lsn { get; }

    /// <summary>Why it was set aside.</summary>
    public string? ErrorCode { get; }

    /// <summary>The same, in words.</summary>
    public string? ErrorMessage { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Table}: {State}";
}
