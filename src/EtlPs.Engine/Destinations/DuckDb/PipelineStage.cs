namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>How far a pipeline's own objects in the source are made.</summary>
internal enum PipelineStage
{
    /// <summary>
    /// Slot and publication are about to be made: whatever inactive slot of that name exists is ours.
    /// </summary>
    Creating,

    /// <summary>Slot and publication exist; a stream can follow.</summary>
    Active,

    /// <summary>Copied under a snapshot without a slot: no stream can follow.</summary>
    SnapshotOnly,
}
