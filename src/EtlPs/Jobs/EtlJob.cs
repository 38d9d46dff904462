using System.Management.Automation;
using System.Management.Automation.Runspaces;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Jobs;

/// <summary>
/// A backfill or stream in the background, for Get-Job, Wait-Job, Receive-Job, Stop-Job and Remove-Job.
/// </summary>
public sealed class EtlJob : Job
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RestBound = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly IPipelineRun _run;
    private readonly JobOutput _output;
    private readonly EventWriter _writer;
    private Task _work = Task.CompletedTask;

    internal EtlJob(IPipelineRun run, PipelinePlan plan, string command)
        : base(command, run.Target.Name)
    {
        PSJobTypeName = nameof(EtlJob);
        _run = run;
        _output = new JobOutput(this);
        _writer = new EventWriter(_output, plan);
    }

    /// <summary>The pipeline that it runs.</summary>
    public string Pipeline => _run.Target.Name;

    /// <summary>What ended it where it failed. It stays when Receive-Job has taken the error from the stream.</summary>
    public ErrorRecord? Failure { get; private set; }

    /// <inheritdoc/>
    public override string StatusMessage => _output.LastMessage;

    /// <inheritdoc/>
    public override bool HasMoreData =>
        Output.Count + Error.Count + Warning.Count > 0
        || Information.Count + Verbose.Count + Debug.Count + Progress.Count > 0;

    /// <inheritdoc/>
    public override string Location => "localhost";

    /// <summary>Cancels, and waits until what was under way is at rest.</summary>
    public override void StopJob()
    {
        Cancel();
        _ = Task.WaitAny([_work], RestBound);
    }

    internal bool IsRunning => !_work.IsCompleted;

    internal bool Runs(RegisteredPipeline pipeline) => ReferenceEquals(_run.Target.Pipeline, pipeline.Pipeline);

    /// <summary>Starts it. It ends with the session that it belongs to.</summary>
    internal void Start(Runspace session)
    {
        SetJobState(JobState.Running);
        _work = Task.Run(RunAsync);
        session.StateChanged += StopWithSession;
        _ = _work.ContinueWith(
            _ => session.StateChanged -= StopWithSession,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    internal async Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        Cancel();
        await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            StopJob();
            _stopping.Dispose();
        }
        base.Dispose(disposing);
    }

    private void StopWithSession(object? sender, RunspaceStateEventArgs change)
    {
        if (change.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken)
            StopJob();
    }

    private void Cancel()
    {
        if (!_work.IsCompleted)
            _stopping.Cancel();
    }

    private async Task RunAsync()
    {
        var end = JobState.Completed;
        try
        {
            _writer.Write(await DriveAsync().ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            end = JobState.Stopped;
        }
        catch (Exception failure)
        {
            Failure = EtlErrors.Record(failure, Pipeline);
            _output.Error(Failure);
            end = JobState.Failed;
        }
        _writer.Complete();
        SetJobState(_stopping.IsCancellationRequested && end == JobState.Completed ? JobState.Stopped : end);
    }

    private async Task<RunOutcome> DriveAsync()
    {
        var queue = new EventQueue();
        var work = _run.ExecuteAsync(queue, _stopping.Token);
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, queue.Changed, Task.Delay(Tick)).ConfigureAwait(false);
            _writer.Write(queue.Take());
        }
        _writer.Write(queue.Take());
        return await work.ConfigureAwait(false);
    }
}
