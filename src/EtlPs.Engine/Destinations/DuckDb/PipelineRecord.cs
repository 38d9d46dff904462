using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>A pipeline as its destination knows it.</summary>
/// <param name="Name">The pipeline's name.</param>
/// <param name="Stage">How far its objects in the source are made.</param>
/// <param name="SystemIdentifier">The source cluster's identity (IDENTIFY_SYSTEM).</param>
/// <param name="Timeline">The timeline it was last seen on.</param>
/// <param name="Database">The source database.</param>
/// <param name="SlotName">Its slot.</param>
/// <param name="Publication">Its publication.</param>
/// <param name="OwnsPublication">Whether the pipeline made the publication, and drops it when it is removed.</param>
/// <param name="Position">Everything up to here is stored: the end LSN of a commit, or a keepalive's.</param>
/// <param name="CommitTime">Commit time of the last stored transaction, UTC.</param>
internal sealed record PipelineRecord(
    string Name,
    PipelineStage Stage,
    string SystemIdentifier,
    uint Timeline,
    string Database,
    string SlotName,
    string Publication,
    bool OwnsPublication,
    Lsn Position,
    DateTimeOffset? CommitTime);
