using System.Management.Automation;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Jobs;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Follows a source's changes from where the backfill or the last run ended.</summary>
[Cmdlet(VerbsLifecycle.Start, "EtlStream", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(EtlStreamResult), typeof(EtlJob), typeof(EtlPlan))]
public sealed class StartEtlStreamCommand : EtlRunCommand
{
    /// <summary>Drop what was copied and begin anew.</summary>
    [Parameter]
    public SwitchParameter Restart { get; set; }

    /// <summary>Begin with empty tables where none are copied yet.</summary>
    [Parameter]
    public SwitchParameter SkipBackfill { get; set; }

    /// <summary>
    /// How many tables and parts of tables are copied at the same time; the number of cores where it is not given.
    /// </summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = BackfillOptions.DefaultWorkers;

    /// <summary>End once everything is in that the server had written when the run began.</summary>
    [Parameter]
    public SwitchParameter UntilCaughtUp { get; set; }

    /// <summary>End once everything up to this LSN is in.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? UntilLsn { get; set; }

    /// <summary>End after this time: a TimeSpan, or seconds.</summary>
    [Parameter]
    [DurationTransform]
    public TimeSpan? Duration { get; set; }

    /// <summary>What to do when one table cannot go on: set it aside and go on, or end the run.</summary>
    [Parameter]
    public EtlTableErrorAction OnTableError { get; set; }

    /// <summary>
    /// End after this time without a lasting connection (5 minutes): a TimeSpan, or seconds; 0: at the first loss.
    /// </summary>
    [Parameter]
    [DurationTransform]
    public TimeSpan? ReconnectTimeout { get; set; }

    /// <summary>Run in the background and return a job.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    private protected override bool RunsAsJob => AsJob;

    private protected override IPipelineRun CreateRun(RegisteredPipeline pipeline) =>
        Guard(() => new StreamRun(pipeline, Options()), pipeline.Name);

    private StreamOptions Options()
    {
        var options = new StreamOptions
        {
            Restart = Restart,
            SkipBackfill = SkipBackfill,
            Workers = ThrottleLimit,
            UntilCaughtUp = UntilCaughtUp,
            OnTableError = (OnTableError)OnTableError,
            UntilLsn = UntilLsn is { } lsn ? LsnText.Parse(lsn) : null,
            Duration = Duration is null || Duration > TimeSpan.Zero
                ? Duration
                : throw EtlErrors.InvalidArgument("-Duration must be longer than zero.", "Give seconds or a TimeSpan."),
        };
        return ReconnectTimeout switch
        {
            null => options,
            { } time when time >= TimeSpan.Zero => options with { ReconnectTimeout = time },
            _ => throw EtlErrors.InvalidArgument(
                "-ReconnectTimeout must not be negative.",
                "Give seconds or a TimeSpan; 0 ends the stream at the first loss."),
        };
    }
}
