namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>The kinds of error a user can meet. Names are stable: scripts compare them.</summary>
public enum EtlErrorCode
{
    /// <summary>A defect, or something nobody thought of.</summary>
    Unexpected,

    /// <summary>A connection string, URI, path, name or option that cannot be right.</summary>
    InvalidArgument,

    /// <summary>No server answers at that address.</summary>
    SourceUnreachable,

    /// <summary>The server refused user or password.</summary>
    AuthenticationFailed,

    /// <summary>The database does not exist.</summary>
    DatabaseNotFound,

    /// <summary>The role lacks a right: SELECT, CREATE, ownership.</summary>
    PermissionDenied,

    /// <summary>The role has neither REPLICATION nor superuser.</summary>
    ReplicationRightMissing,

    /// <summary>wal_level is not logical.</summary>
    WalLevelNotLogical,

    /// <summary>All replication slots or walsenders are taken.</summary>
    NoFreeSlot,

    /// <summary>Postgres is older than 14.</summary>
    ServerTooOld,

    /// <summary>A connection pooler stands between, where a session of our own is needed.</summary>
    PoolerInBetween,

    /// <summary>
    /// A table or pattern names nothing, or what cannot be copied as asked, such as a view to be streamed.
    /// </summary>
    TableNotFound,

    /// <summary>The table cannot be published for UPDATE and DELETE: no usable replica identity.</summary>
    NoReplicaIdentity,

    /// <summary>A table without columns, or a value in a form that is not read.</summary>
    UnsupportedType,

    /// <summary>Two names are one in DuckDB, which ignores case.</summary>
    NameCollision,

    /// <summary>The named publication does not exist, or does not do what is needed.</summary>
    PublicationUnusable,

    /// <summary>Another session streams from the slot.</summary>
    SlotActive,

    /// <summary>A slot of that name exists and the destination does not know it.</summary>
    SlotExists,

    /// <summary>The pipeline's slot is gone.</summary>
    SlotMissing,

    /// <summary>Postgres invalidated the slot: WAL it needed is gone.</summary>
    SlotLost,

    /// <summary>The destination's position is older than what the slot already confirmed.</summary>
    DestinationBehindSlot,

    /// <summary>
    /// The destination belongs to another server or database, or to a past that the server no longer has.
    /// </summary>
    SourceChanged,

    /// <summary>The pipeline's copy was made without a slot, so that no stream can follow it.</summary>
    SnapshotOnlyCopy,

    /// <summary>The pipeline is running already, here or elsewhere.</summary>
    PipelineRunning,

    /// <summary>The DuckDB file is open in another process or run.</summary>
    DestinationLocked,

    /// <summary>The path holds something that is no DuckDB database.</summary>
    NotADuckDbFile,

    /// <summary>The path cannot be made, read or written.</summary>
    DestinationUnavailable,

    /// <summary>The destination holds a table of that name that is not the pipeline's.</summary>
    DestinationTableExists,

    /// <summary>DuckDB failed.</summary>
    DestinationFailed,

    /// <summary>The destination's disk is full.</summary>
    DestinationFull,

    /// <summary>A value does not fit the destination's type.</summary>
    ValueNotRepresentable,

    /// <summary>A table's columns are no longer those that were copied.</summary>
    SchemaChanged,

    /// <summary>The connection broke.</summary>
    ConnectionLost,

    /// <summary>The server sent what the protocol does not allow, or what we cannot read.</summary>
    ProtocolViolation,

    /// <summary>A segment of the change log, or of a transaction kept aside, is torn or corrupted.</summary>
    SegmentDamaged,

    /// <summary>The query is no single reading statement, or failed.</summary>
    QueryFailed,

    /// <summary>The table is being copied already.</summary>
    ResetRunning,

    /// <summary>The stream ended while a table was copied again; the next one copies it.</summary>
    ResetInterrupted,

    /// <summary>A lock or wait ran out of time.</summary>
    TimedOut,

    /// <summary>The pipeline is defined otherwise than when its tables were copied.</summary>
    DefinitionChanged,
}
