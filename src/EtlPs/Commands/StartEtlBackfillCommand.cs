using System.Collections;
using System.Management.Automation;
using EtlPs.Engine.Pipelines;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Jobs;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Copies a pipeline's tables; those that an earlier run has finished are not copied again.</summary>
[Cmdlet(VerbsLifecycle.Start, "EtlBackfill", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(EtlTableCopyResult), typeof(EtlJob), typeof(EtlPlan))]
public sealed class StartEtlBackfillCommand : EtlRunCommand
{
    /// <summary>Drop what was copied and begin anew.</summary>
    [Parameter]
    public SwitchParameter Restart { get; set; }

    /// <summary>Copy once, without slot and publication; no stream can follow.</summary>
    [Parameter]
    public SwitchParameter SnapshotOnly { get; set; }

    /// <summary>
    /// SQL conditions by table: <c>@{ 'public.orders' = "placed &gt;= date '2026-01-01'" }</c>. With -SnapshotOnly:
    /// only rows for which they are true are copied.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Where { get; set; } = [];

    /// <summary>
    /// How many tables and parts of tables are copied at the same time; the number of cores where it is not given.
    /// </summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = BackfillOptions.DefaultWorkers;

    /// <summary>What to do when one table cannot be copied: set it aside and go on, or end the run.</summary>
    [Parameter]
    public EtlTableErrorAction OnTableError { get; set; }

    /// <summary>Run in the background and return a job.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    private protected override bool RunsAsJob => AsJob;

    private protected override IPipelineRun CreateRun(RegisteredPipeline pipeline) => new BackfillRun(
        pipeline,
        new BackfillOptions
        {
            Restart = Restart,
            SnapshotOnly = SnapshotOnly,
            Conditions = Guard(Conditions, pipeline.Name),
            Workers = ThrottleLimit,
            OnTableError = (OnTableError)OnTableError,
        });

    private Dictionary<string, string> Conditions() => Where.Cast<DictionaryEntry>().ToDictionary(
        entry => Text(entry.Key, "a table's name"), entry => Text(entry.Value, "an SQL condition"),
        StringComparer.Ordinal);

    private static string Text(object? value, string what) =>
        Unwrapped.From(value) as string ?? throw EtlErrors.InvalidArgument(
            $"-Where holds something that is not {what}.",
            "Give a hashtable of texts: @{ 'public.orders' = \"placed >= date '2026-01-01'\" }.");
}
