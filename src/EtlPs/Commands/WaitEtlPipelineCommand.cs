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
    private readonly long _begun = Stopwatch.GetTimestamp();

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

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var lsn = Guard(() => Lsn is { } text ? LsnText.Parse(text) : (Lsn?)null, pipeline.Name);
        var state = State ?? (lsn is null ? EtlPipelineState.Ready : null);
        if (TryAwait(cancel => WaitAsync(new PipelineWait(pipeline, state, lsn), pipeline, cancel), pipeline.Name, out var status))
            WriteObject(new EtlPipeline(pipeline, status));
    }

    private async Task<PipelineStatus?> WaitAsync(PipelineWait wait, RegisteredPipeline pipeline, CancellationToken cancellationToken)
    {
        EngineHost.RequireDuckDb();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (Timeout is { } timeout)
            time.CancelAfter(new[] { timeout - Stopwatch.GetElapsedTime(_begun), TimeSpan.Zero }.Max());
        try
        {
            return await wait.RunAsync(time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw EtlErrors.TimedOut($"Pipeline {pipeline.Name} was not there within {EtlFormat.Time(Timeout)}.");
        }
    }
}
