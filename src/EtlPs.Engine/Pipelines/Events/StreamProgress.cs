using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Events;

/// <summary>How far a stream has come. Posted at most four times a second.</summary>
/// <param name="Transactions">Source transactions stored in this run.</param>
/// <param name="Changes">Row changes stored in this run.</param>
/// <param name="Position">The stored position.</param>
/// <param name="LagBytes">WAL known to exist beyond it.</param>
/// <param name="ChangesPerSecond">Over the last report's interval.</param>
/// <param name="LastCommit">Commit time of the last stored transaction, UTC.</param>
public sealed record StreamProgress(
    long Transactions,
    long Changes,
    Lsn Position,
    long LagBytes,
    double ChangesPerSecond,
    DateTimeOffset? LastCommit) : PipelineEvent;
