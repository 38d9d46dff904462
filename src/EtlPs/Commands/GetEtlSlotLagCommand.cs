using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Sources;
using EtlPs.Errors;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>
/// Shows how far slots are behind their server, what holds them and how long that goes well. Asks Postgres only.
/// </summary>
/// <remarks>
/// PowerShell binds what comes through the pipeline to the default set first, and a name would take any object by its
/// text.
/// </remarks>
[Cmdlet(VerbsCommon.Get, "EtlSlotLag", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(EtlSlotLag))]
public sealed class GetEtlSlotLagCommand : EtlPipelineCommand
{
    private const string SourceSet = "Source";
    private const string SlotSet = "Slot";

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);

    private readonly List<Target> _targets = [];

    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>The slots' own names, with wildcards; without it, all logical ones.</summary>
    [Parameter(ParameterSetName = SourceSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SlotNameCompleter))]
    public string[] SlotName { get; set; } = ["*"];

    /// <summary>Slots from Get-EtlSlot.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SlotSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EtlSlot[] Slot { get; set; } = [];

    /// <summary>Look again and again, after this time, until stopped: a TimeSpan, or seconds.</summary>
    [Parameter]
    [DurationTransform]
    public TimeSpan? RefreshInterval { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (RefreshInterval <= TimeSpan.Zero || RefreshInterval > LongestInterval)
            ThrowTerminatingError(EtlErrors.Record(
                EtlErrors.InvalidArgument("-RefreshInterval must be longer than zero, and no more than a day.",
                    "Give seconds or a TimeSpan."),
                null));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SourceSet)
            Add(new Target(null, Source, SlotName));
        else if (ParameterSetName == SlotSet)
            foreach (var slot in Slot)
                Add(new Target(slot.Pipeline, slot.Source, [WildcardPattern.Escape(slot.SlotName)]));
        else
            base.ProcessRecord();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (RefreshInterval is { } interval && _targets.Count > 0)
        {
            _ = Await(
                async cancel =>
                {
                    await Task.Delay(interval, cancel).ConfigureAwait(false);
                    return true;
                },
                null);
            _targets.ForEach(Write);
        }
    }

    private protected override void Process(RegisteredPipeline pipeline) =>
        Add(new Target(
            pipeline.Name, pipeline.Source, [WildcardPattern.Escape(pipeline.Pipeline.Definition.EffectiveSlotName)]));

    private void Add(Target target)
    {
        _targets.Add(target);
        Write(target);
    }

    /// <summary>A server that does not answer is an error of its slots, and of this look.</summary>
    private void Write(Target target)
    {
        if (!TryAwait(cancel => new PostgresSource(target.Source.Settings)
            .ReadSlotLagsAsync(cancel), target.Pipeline, out var lags))
            return;
        foreach (var name in target.SlotNames)
        {
            var isPattern = WildcardPattern.ContainsWildcardCharacters(name);
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = lags.Where(lag => pattern.IsMatch(lag.SlotName) && (lag.IsLogical || !isPattern)).ToList();
            if (found.Count == 0 && !isPattern)
                WriteError(EtlErrors.Record(
                    EtlErrors.SlotMissing(WildcardPattern.Unescape(name), target.Source), name));
            foreach (var lag in found)
                WriteObject(new EtlSlotLag(target.Source, target.Pipeline, target.Rated(lag)));
        }
    }

    /// <summary>Slots of one server, and how they stood at the last look.</summary>
    private sealed record Target(string? Pipeline, EtlSource Source, IReadOnlyList<string> SlotNames)
    {
        private readonly Dictionary<string, SlotLag> _last = new(StringComparer.Ordinal);

        public SlotLag Rated(SlotLag lag)
        {
            var rated = _last.TryGetValue(lag.SlotName, out var earlier) ? lag.Since(earlier) : lag;
            _last[lag.SlotName] = lag;
            return rated;
        }
    }
}
