using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Watch;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Shows a source's changes as objects while they are made. Nothing is stored.</summary>
[Cmdlet(VerbsCommon.Watch, "EtlChange", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(EtlChange), typeof(EtlPlan))]
public sealed class WatchEtlChangeCommand : EtlCommand
{
    private const string NameSet = "Name";
    private const string InputObjectSet = "InputObject";
    private const string SourceSet = "Source";

    /// <summary>The pipeline whose source is watched, through its publication.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PipelineNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>The same, as an object.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EtlPipeline InputObject { get; set; } = null!;

    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>A publication that is there; without it, one is made for the time of the watch.</summary>
    [Parameter(ParameterSetName = SourceSet)]
    [ValidateNotNullOrEmpty]
    public string? Publication { get; set; }

    /// <summary>Tables as in SQL, with wildcards outside quotes; without it, all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[] Table { get; set; } = [];

    /// <summary>End once everything was shown that committed before this LSN.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? UntilLsn { get; set; }

    /// <summary>End after this time: a TimeSpan, or seconds.</summary>
    [Parameter]
    [DurationTransform]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var pipeline = ParameterSetName switch
        {
            SourceSet => null,
            InputObjectSet => InputObject.Registered,
            _ => Guard(() => Registry.Find(Name) ?? throw EtlErrors.NotFound(Name), Name),
        };
        var source = pipeline?.Source ?? Source;
        var options = Guard(() => Options(pipeline?.Pipeline.Definition.EffectivePublication ?? Publication), null);
        var watch = Await(cancel => ChangeWatch.PrepareAsync(source.Settings, options, cancel), pipeline?.Name);
        if (IsWhatIf)
            Preview(new PipelinePlan(pipeline?.Name ?? "", "Watch", $"{source}", "", watch.Effects, [], []));
        else if (watch.Effects.All(Ask))
            Watch(watch, options, source);
    }

    private WatchOptions Options(string? publication) => new()
    {
        Tables = Table,
        Publication = publication,
        UntilLsn = UntilLsn is { } lsn ? LsnText.Parse(lsn) : null,
        Timeout = Timeout is null || Timeout > TimeSpan.Zero
            ? Timeout
            : throw EtlErrors.InvalidArgument("-Timeout must be longer than zero.", "Give seconds or a TimeSpan."),
    };

    private void Watch(ChangeWatch watch, WatchOptions options, EtlSource source)
    {
        var end = Guard(
            () => Pump.Each((queue, cancel) => watch.RunAsync(queue.WriteAsync, cancel), Write, StopToken),
            source);
        if (end == StreamEnd.DurationOver && options.UntilLsn is { } lsn)
            WriteError(EtlErrors.Record(
                EtlErrors.TimedOut($"{lsn} was not reached within {EtlFormat.Time(options.Timeout)}."), source));
    }

    private void Write(PipelineEvent item)
    {
        switch (item)
        {
            case SourceChange change:
                WriteObject(new EtlChange(change));
                break;
            case Milestone { Level: MilestoneLevel.Warning } warning:
                WriteWarning(warning.Message);
                break;
            case Milestone milestone:
                WriteVerbose(milestone.Message);
                break;
        }
    }
}
