using System.Diagnostics;
using System.Management.Automation;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Waits until pipelines are in a state, or their destinations have everything up to a position.</summary>
[Cmdlet(VerbsLifecycle.Wait, "EtlPipeline", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlPipeline))]
public sealed class WaitEtlPipelineCommand : EtlPipelineCommand
{
    private long? _begun;

    /// <summary>The state to wait for; Ready where no -Lsn is given.</summary>
    [Parameter]
    public EtlPipelineState? State { get; set; }

    /// <summary>Wait until everything up to this LSN is at the destination.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Lsn { get; set; }

    /// <summary>An error for each pipeline that is not there after this time: a TimeSpan, or seconds.</summary>
    [Parameter]
    [DurationTransform]
    public TimeSpan? Timeout { get; set; }

    /// <summary>One time for all pipelines, which what comes before does not count for.</summary>
    private TimeSpan? TimeLeft => Timeout is { } timeout && _begun is { } begun
        ? new[] { timeout - Stopwatch.GetElapsedTime(begun), TimeSpan.Zero }.Max()
        : null;

    private protected override void Process(RegisteredPipeline pipeline)
    {
        _begun ??= Stopwatch.GetTimestamp();
        var lsn = Guard(() => Lsn is { } text ? LsnText.Parse(text) : (Lsn?)null, pipeline.Name);
        var state = State ?? (lsn is null ? EtlPipelineState.Ready : null);
        if (TryAwait(cancel => WaitAsync(new PipelineWait(pipeline, state, lsn), pipeline, cancel), pipeline.Name,
            out var status))
            WriteObject(new EtlPipeline(pipeline, status));
    }

    private async Task<PipelineStatus?> WaitAsync(
        PipelineWait wait, RegisteredPipeline pipeline, CancellationToken cancellationToken)
    {
        EngineHost.RequireDuckDb();
        using var time = new Deadline(TimeLeft, cancellationToken);
        try
        {
            return await wait.RunAsync(time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.HasPassed)
        {
            throw EtlErrors.TimedOut($"Pipeline {pipeline.Name} was not there within {EtlFormat.Time(Timeout)}.");
        }
    }
}
