using System.Diagnostics;
using System.Management.Automation;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Model;

namespace EtlPs.Errors;

/// <summary>The one place where exceptions become error records.</summary>
internal static class EtlErrors
{
    public const string PipelineNotFound = "PipelineNotFound";
    public const string PipelineStopped = "PipelineStopped";
    public const string SecretUnavailable = "SecretUnavailable";
    public const string SlotNotOrphaned = "SlotNotOrphaned";
    public const string PlatformNotSupported = "PlatformNotSupported";

    public static ErrorRecord Record(Exception exception, object? target)
    {
        var error = Translate(exception);
        return new ErrorRecord(error, "EtlPs." + error.Code, Category(error.Code), Target(exception, target))
        {
            ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = error.Remedy },
        };
    }

    public static EtlPsException InvalidArgument(string problem, string remedy) =>
        new(nameof(EtlErrorCode.InvalidArgument), problem, remedy);

    public static EtlPsException NotFound(string pipelineName) => new(
        PipelineNotFound,
        $"There is no pipeline '{pipelineName}' in this session.",
        "Define it with New-EtlPipeline; Get-EtlPipeline lists what is defined.");

    public static EtlPsException Running(string pipelineName) => new(
        nameof(EtlErrorCode.PipelineRunning),
        $"The pipeline '{pipelineName}' is running.",
        $"Stop it first: Stop-EtlPipeline -Name {pipelineName}.");

    public static EtlPsException Stopped(string pipelineName) => new(
        PipelineStopped,
        $"The run of pipeline '{pipelineName}' has ended without coming to what was waited for.",
        "Receive-Job tells why; start it again, and wait again.");

    public static EtlPsException SlotMissing(string slot, EtlSource source) => new(
        nameof(EtlErrorCode.SlotMissing),
        $"There is no logical replication slot {slot} on {source.Host}:{source.Port}.",
        "Get-EtlSlot lists those that are there; a pipeline's exists from its first backfill or stream until it is "
        + "removed.");

    public static EtlPsException SlotActive(EtlSlot slot) => new(
        nameof(EtlErrorCode.SlotActive),
        $"Replication slot {slot.SlotName} is in use by server process {slot.ActivePid}.",
        "Stop what streams from it, or use -Force, which ends that session first.");

    public static EtlPsException SlotOfPipeline(EtlSlot slot) => new(
        SlotNotOrphaned,
        $"Replication slot {slot.SlotName} belongs to pipeline {slot.Pipeline} of this session, which could not go on "
        + "without it.",
        $"Remove-EtlPipeline {slot.Pipeline} drops it with the pipeline's state; -Force drops the slot alone.");

    public static EtlPsException SlotNotOurs(EtlSlot slot) => new(
        SlotNotOrphaned,
        $"Replication slot {slot.SlotName} ({slot.Plugin}) was not made by a pipeline: somebody else may count on it.",
        "Ask whoever made it; -Force drops it all the same.");

    public static EtlPsException TimedOut(string problem) =>
        new(nameof(EtlErrorCode.TimedOut), problem,
            "Give it a longer -Timeout, or look at the source: Get-EtlSlotLag.");

    /// <summary>Inner exceptions stay behind: drivers quote values in their messages.</summary>
    private static EtlPsException Translate(Exception exception) => exception switch
    {
        EtlPsException own => own,
        EtlException known => new EtlPsException(known.Code.ToString(), known.Message, known.Remedy),
        AggregateException { InnerExceptions.Count: 1, InnerException: { } only } => Translate(only),
        _ => new EtlPsException(
            nameof(EtlErrorCode.Unexpected),
            $"An unexpected {exception.GetType().Name} came up in {Place(exception)}.",
            "This is a defect of EtlPs; please report it with this text.")
        {
            Data = { ["StackTrace"] = exception.StackTrace },
        },
    };

    private static string Place(Exception exception)
    {
        foreach (var frame in new StackTrace(exception).GetFrames())
            if (frame.GetMethod() is { DeclaringType: { Namespace: { } space } type } method
                && space.StartsWith("EtlPs", StringComparison.Ordinal))
                return $"{type.Name}.{method.Name}";
        return exception.TargetSite?.Name ?? "the engine";
    }

    private static object? Target(Exception exception, object? target) =>
        exception is EtlException { Subject: { } subject } ? subject : target;

    private static ErrorCategory Category(string code) =>
        Enum.TryParse<EtlErrorCode>(code, out var known) ? ErrorCategories.Of(known) : code switch
        {
            PipelineNotFound => ErrorCategory.ObjectNotFound,
            PipelineStopped => ErrorCategory.OperationStopped,
            SecretUnavailable => ErrorCategory.AuthenticationError,
            SlotNotOrphaned => ErrorCategory.PermissionDenied,
            PlatformNotSupported => ErrorCategory.NotInstalled,
            _ => ErrorCategory.NotSpecified,
        };
}
