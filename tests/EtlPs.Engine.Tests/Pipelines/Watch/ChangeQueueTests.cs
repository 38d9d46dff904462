using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Watch;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Watch;

public sealed class ChangeQueueTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watch_of_large_rows_waits_for_its_reader_after_16_MB_and_loses_none()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, body text)");
        var watch = await ChangeWatch.PrepareAsync(
            scenario.Definition().Source, new WatchOptions { Tables = ["t"] }, Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var queue = new ChangeQueue();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var admitted = 0;

        var watching = watch.RunAsync(TellAsync, over.Token);
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await scenario.ExecuteAsync("INSERT INTO t SELECT n, repeat('x', 4000000) FROM generate_series(1, 10) n");
        await full.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        var ahead = admitted;
        var seen = new List<object?>();
        while (seen.Count < 10 && await queue.WaitToReadAsync(Token))
            while (queue.TryRead(out var told))
                if (told is SourceChange change) seen.Add(change.New!.Values[0]);
        await over.CancelAsync();

        Assert.Equal(4, ahead);
        Assert.Equal(Enumerable.Range(1, 10).Cast<object?>(), seen);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);

        async ValueTask TellAsync(PipelineEvent told, CancellationToken cancellationToken)
        {
            var write = queue.WriteAsync(told, cancellationToken);
            if (!write.IsCompleted) full.TrySetResult();
            await write;
            if (told is SourceChange) admitted++;
            begun.TrySetResult();
        }
    }

    [Fact]
    public async Task An_event_larger_than_all_the_room_is_admitted_alone()
    {
        var queue = new ChangeQueue();
        var large = new SourceChange(
            new("public", "t"), ChangeKind.Insert, null, null, [], true, [], default, default,
            0) { Bytes = 100_000_000 };

        await queue.WriteAsync(large, Token);
        var second = queue.WriteAsync(large, Token).AsTask();
        var waits = !second.IsCompleted;
        var isRead = queue.TryRead(out var first);
        await second.WaitAsync(TimeSpan.FromMinutes(1), Token);

        Assert.True(waits);
        Assert.True(isRead);
        Assert.Same(large, first);
        Assert.True(queue.TryRead(out _));
    }
}
