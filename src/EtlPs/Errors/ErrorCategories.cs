using System.Management.Automation;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Errors;

/// <summary>PowerShell's category for each kind of error.</summary>
internal static class ErrorCategories
{
    public static ErrorCategory Of(EtlErrorCode code) => code switch
    {
        EtlErrorCode.InvalidArgument => ErrorCategory.InvalidArgument,
        EtlErrorCode.SourceUnreachable or EtlErrorCode.ConnectionLost => ErrorCategory.ConnectionError,
        EtlErrorCode.AuthenticationFailed => ErrorCategory.AuthenticationError,
        EtlErrorCode.PermissionDenied or EtlErrorCode.ReplicationRightMissing => ErrorCategory.PermissionDenied,
        EtlErrorCode.DatabaseNotFound or EtlErrorCode.TableNotFound or EtlErrorCode.SlotMissing
            => ErrorCategory.ObjectNotFound,
        EtlErrorCode.WalLevelNotLogical or EtlErrorCode.ServerTooOld or EtlErrorCode.PoolerInBetween
            or EtlErrorCode.NoReplicaIdentity or EtlErrorCode.PublicationUnusable or EtlErrorCode.SnapshotOnlyCopy
            => ErrorCategory.InvalidOperation,
        EtlErrorCode.UnsupportedType => ErrorCategory.NotImplemented,
        EtlErrorCode.NameCollision or EtlErrorCode.SlotExists or EtlErrorCode.DestinationTableExists
            => ErrorCategory.ResourceExists,
        EtlErrorCode.ResetInterrupted => ErrorCategory.OperationStopped,
        EtlErrorCode.ResetRunning or EtlErrorCode.SlotActive or EtlErrorCode.PipelineRunning
            or EtlErrorCode.DestinationLocked
            => ErrorCategory.ResourceBusy,
        EtlErrorCode.NoFreeSlot => ErrorCategory.LimitsExceeded,
        EtlErrorCode.DestinationUnavailable => ErrorCategory.ResourceUnavailable,
        EtlErrorCode.SlotLost or EtlErrorCode.DestinationBehindSlot or EtlErrorCode.SourceChanged
            or EtlErrorCode.SchemaChanged => ErrorCategory.InvalidResult,
        EtlErrorCode.NotADuckDbFile or EtlErrorCode.ValueNotRepresentable or EtlErrorCode.SegmentDamaged
            => ErrorCategory.InvalidData,
        EtlErrorCode.DestinationFailed or EtlErrorCode.DestinationFull => ErrorCategory.WriteError,
        EtlErrorCode.ProtocolViolation => ErrorCategory.ProtocolError,
        EtlErrorCode.QueryFailed or EtlErrorCode.DefinitionChanged => ErrorCategory.InvalidOperation,
        EtlErrorCode.TimedOut => ErrorCategory.OperationTimeout,
        _ => ErrorCategory.NotSpecified,
    };
}
