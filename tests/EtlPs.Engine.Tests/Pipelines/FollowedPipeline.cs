using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A pipeline that streams until it is stopped.</summary>
internal sealed class FollowedPipeline : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<StreamResult> _run;

    private FollowedPipeline(Pipeline pipeline, IPipelineObserver observer) =>
        _run = pipeline.StreamAsync(new StreamOptions { Workers = 2 }, observer, _stop.Token);

    /// <summary>The stream; it ends by itself only by an error.</summary>
    public Task Run => _run;

    /// <summary>Returns when the stream has begun.</summary>
    public static async Task<FollowedPipeline> StartAsync(Scenario scenario, Pipeline pipeline)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone m && m.Message.StartsWith("Streaming from", StringComparison.Ordinal))
                begun.TrySetResult();
        };
        var followed = new FollowedPipeline(pipeline, scenario);
        if (await Task.WhenAny(begun.Task, followed._run) == followed._run) await followed._run;
        return followed;
    }

    public async Task<StreamResult> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
