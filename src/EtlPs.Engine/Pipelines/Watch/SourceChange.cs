using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>One change of one table, of a transaction that has committed.</summary>
/// <param name="Table">The table.</param>
/// <param name="Kind">What was done.</param>
/// <param name="Old">The row before: all of it under REPLICA IDENTITY FULL, else its key where that was sent; null:
/// nothing was.</param>
/// <param name="New">The row after; null where there is none.</param>
/// <param name="Changed">
/// The columns that an UPDATE gave another value, in order; where <paramref name="IsExact"/> is false, those that it
/// may have.
/// </param>
/// <param name="IsExact">Whether the source told the old row, so that the changed columns are known.</param>
/// <param name="Unsent">Columns of the row after that hold a large value which stayed, and which Postgres does not send
/// again.</param>
/// <param name="CommitLsn">Where the transaction commits: with the order of arrival, the order of all changes.</param>
/// <param name="CommitTime">When, by the source's clock, UTC.</param>
/// <param name="Xid">The transaction's id.</param>
public sealed record SourceChange(
    TableName Table,
    ChangeKind Kind,
    SourceRow? Old,
    SourceRow? New,
    IReadOnlyList<string> Changed,
    bool IsExact,
    IReadOnlyList<string> Unsent,
    Lsn CommitLsn,
    DateTimeOffset CommitTime,
    uint Xid) : PipelineEvent
{
    /// <summary>
    /// The length of the source's message: what it takes to keep the change is about that, or a few times as much.
    /// </summary>
    public int Bytes { get; init; }
}
