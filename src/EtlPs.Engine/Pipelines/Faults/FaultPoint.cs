namespace EtlPs.Engine.Pipelines.Faults;

/// <summary>The steps between which a crash would be most harmful.</summary>
internal enum FaultPoint
{
    /// <summary>The slot exists at the source; the destination still says Creating.</summary>
    SlotCreated,

    /// <summary>A block of a range's rows is appended; Postgres sends more.</summary>
    BlockAppended,

    /// <summary>A range's rows are appended; its ledger row is not yet written.</summary>
    RangeAppended,

    /// <summary>A range is committed; the table may have more of them.</summary>
    RangeStored,

    /// <summary>What was left over of the copy is to be copied under the snapshot of a temporary slot.</summary>
    LaterSnapshotTaken,

    /// <summary>A table has its visible name inside a transaction that is not yet committed.</summary>
    TableRenamed,

    /// <summary>A chunk of a transaction that has not committed is kept aside.</summary>
    ChunkSpooled,

    /// <summary>A part of a transaction larger than a batch is in the open transaction.</summary>
    PartApplied,

    /// <summary>A batch's rows are in the open transaction; the position is not.</summary>
    BatchApplied,

    /// <summary>A batch is committed; the source does not know.</summary>
    BatchCommitted,

    /// <summary>A table is to be copied again and its temporary slot exists.</summary>
    ResetSlotCreated,

    /// <summary>It is copied under its hidden name.</summary>
    ResetCopied,

    /// <summary>The hidden copy has caught up by its own stream.</summary>
    ResetCaughtUp,

    /// <summary>The running stream takes the hidden copy over, in a transaction that is not yet committed.</summary>
    ResetTakenOver,

    /// <summary>The running stream follows the copy; the copy's own stream is still to be closed.</summary>
    ResetHandedOver,
}
