using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// What a run has brought into the destination so far: where two are not the same, the work went on in between.
/// </summary>
/// <param name="Position">The position that is stored.</param>
/// <param name="Copied">How many tables are copied.</param>
/// <param name="Ranges">How many ranges of tables are.</param>
internal readonly record struct StoredWork(Lsn Position, int Copied, long Ranges);
