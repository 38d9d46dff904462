using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Events;

/// <summary>
/// How far the copy of a table has come. Posted at most four times a second for each table, and at its end.
/// </summary>
/// <param name="Table">The source table.</param>
/// <param name="Rows">Rows so far.</param>
/// <param name="Bytes">Bytes read so far.</param>
/// <param name="Fraction">0 to 1 where it can be known.</param>
/// <param name="RowsPerSecond">Since the table's start.</param>
/// <param name="Remaining">Time left where it can be known.</param>
/// <param name="Completed">Whether this is the table's last report.</param>
public sealed record TableCopyProgress(
    TableName Table,
    long Rows,
    long Bytes,
    double? Fraction,
    double RowsPerSecond,
    TimeSpan? Remaining,
    bool Completed) : PipelineEvent;
