using System.Collections.Concurrent;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Tests.Pipelines.Faults;

/// <summary>A stream under way, whose surroundings a test breaks.</summary>
internal sealed class LiveStream : IPipelineObserver, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Scenario _scenario;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TaskCompletionSource, Func<PipelineEvent, bool>> _awaited = new();

    private LiveStream(Scenario scenario, PipelineDefinition definition, StreamOptions options, IFaultHook faults)
    {
        _scenario = scenario;
        Run = new Pipeline(definition, faults).StreamAsync(options, this, _stop.Token);
    }

    public Task<StreamResult> Run { get; }

    public static LiveStream Start(
        Scenario scenario, PipelineDefinition? definition = null, StreamOptions? options = null,
        IFaultHook? faults = null) =>
        new(scenario, definition ?? scenario.Definition(), options ?? new StreamOptions(), faults ?? new NoFaults());

    /// <summary>Writes at the source, and waits until that is stored.</summary>
    public async Task WriteAsync(string sql)
    {
        var before = Lsn.Parse(await _scenario.ScalarAsync<string>("SELECT pg_current_wal_insert_lsn()::text"));
        var stored = NextAsync(e => e is StreamProgress progress && progress.Position > before);
        await _scenario.ExecuteAsync(sql);
        await stored;
    }

    /// <summary>Breaks something, and waits until the stream has told that it lost its connection.</summary>
    public async Task<string> LosesConnectionAsync(Func<Task> fault)
    {
        var told = "";
        var warned = NextAsync(e => e is Milestone { Level: MilestoneLevel.Warning } milestone
            && (told = milestone.Message).Length > 0);
        await fault();
        await warned;
        return told;
    }

    /// <summary>Waits for an event; it counts from now on.</summary>
    public async Task NextAsync(Func<PipelineEvent, bool> wanted)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited[source] = wanted;
        var first = await Task.WhenAny(source.Task, Run).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await first;
        Assert.True(source.Task.IsCompleted, "The stream ended before.");
    }

    public async Task<StreamResult> StopAsync()
    {
        await _stop.CancelAsync();
        return await Run.WaitAsync(Patience);
    }

    void IPipelineObserver.Post(PipelineEvent pipelineEvent)
    {
        ((IPipelineObserver)_scenario).Post(pipelineEvent);
        foreach (var (source, wanted) in _awaited)
            if (wanted(pipelineEvent) && _awaited.TryRemove(source, out _))
                source.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
