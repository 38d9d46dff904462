using System.Collections;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>A table of a pipeline as its destination knows it.</summary>
public sealed class EtlTable
{
    internal EtlTable(RegisteredPipeline pipeline, TableStatus status)
    {
        Name = pipeline.Name;
        Source = pipeline.Source;
        Destination = pipeline.Destination;
        Table = status.Source.ToString();
        DestinationTable = status.Destination.ToString();
        ColumnMap = status.RenamedColumns.ToDictionary(StringComparer.Ordinal);
        State = status.State.ToString();
        Rows = status.Rows;
        Bytes = status.Bytes;
        Lsn = status.CopiedAt.IsKnown ? status.CopiedAt.ToString() : null;
        ErrorCode = status.ErrorCode;
        ErrorMessage = status.ErrorMessage;
        Remedy = status.Remedy;
        ErrorColumn = status.ErrorColumn;
        ErrorKey = status.ErrorKey;
        Since = status.SetAsideSince;
        StandsAt = status.StandsAt is { IsKnown: true } lsn ? lsn.ToString() : null;
        StandsAtCommit = status.StandsAtCommit;
        ResetBegun = status.ResetBegun;
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>The pipeline's source.</summary>
    public EtlSource Source { get; }

    /// <summary>The pipeline's destination.</summary>
    public EtlDestination Destination { get; }

    /// <summary>The table in Postgres.</summary>
    public string Table { get; }

    /// <summary>The table in DuckDB.</summary>
    public string DestinationTable { get; }

    /// <summary>Columns that have another name in DuckDB: that name, by the one in Postgres.</summary>
    public IDictionary ColumnMap { get; }

    /// <summary>Pending, Copying, CatchingUp, Ready or SetAside.</summary>
    public string State { get; }

    /// <summary>Rows that its copy read.</summary>
    public long Rows { get; }

    /// <summary>Bytes that its copy read from Postgres.</summary>
    public long Bytes { get; }

    /// <summary>The LSN that the copy was exact at.</summary>
    public string? Lsn { get; }

    /// <summary>Why it was set aside: the error's id without <c>EtlPs.</c>.</summary>
    public string? ErrorCode { get; }

    /// <summary>The same, in words.</summary>
    public string? ErrorMessage { get; }

    /// <summary>What to do about it.</summary>
    public string? Remedy { get; }

    /// <summary>The column that it is about.</summary>
    public string? ErrorColumn { get; }

    /// <summary>The key of the row that it is about: <c>id=42</c>.</summary>
    public string? ErrorKey { get; }

    /// <summary>When it was set aside, UTC.</summary>
    public DateTimeOffset? Since { get; }

    /// <summary>
    /// The LSN that its rows in DuckDB are as of, where they do not follow the pipeline; null: they do, or there are
    /// none.
    /// </summary>
    public string? StandsAt { get; }

    /// <summary>Commit time of the last transaction before that, UTC.</summary>
    public DateTimeOffset? StandsAtCommit { get; }

    /// <summary>Since when Reset-EtlTable copies it again beside its rows, UTC.</summary>
    public DateTimeOffset? ResetBegun { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Table}: {State}";
}
