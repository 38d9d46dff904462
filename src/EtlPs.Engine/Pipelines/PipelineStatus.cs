using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines;

/// <summary>What the destination knows of a pipeline.</summary>
/// <param name="Position">Everything up to here is stored; Zero: nothing yet.</param>
/// <param name="LastCommit">Commit time of the last stored transaction, UTC.</param>
/// <param name="Tables">Each table's state.</param>
public sealed record PipelineStatus(Lsn Position, DateTimeOffset? LastCommit, IReadOnlyList<TableStatus> Tables);
