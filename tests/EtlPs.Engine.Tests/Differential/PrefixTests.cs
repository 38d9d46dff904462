using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Tests.Pipelines;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>
/// Whoever reads the destination while a stream runs, is stopped, killed and started again, sees states that the source
/// had, over all tables.
/// </summary>
public sealed class PrefixTests(ServerPool pool, ITestOutputHelper output)
{
    private const int NewStatesEachRun = 6;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_state_that_a_reader_sees_is_one_that_the_source_had()
    {
        var seed = (ulong)Random.Shared.NextInt64();
        output.WriteLine($"seed {seed}");
        await using var scenario = await Scenario.CreateAsync(pool, TransferLedger.Setup);
        var ledger = new TransferLedger(new SplitMix(seed));
        var seen = new HashSet<long>();
        var last = 0L;
        void Check(IReadOnlyList<object?> row)
        {
            var step = (long)row[0]!;
            Assert.True(step >= last, $"step {step} was seen after {last}");
            Assert.Equal(step, row[1]);
            Assert.Equal(ledger.After(step), row[2]);
            Assert.Equal(TransferLedger.Total, row[3]);
            last = step;
            seen.Add(step);
        }

        await using (var writer = new EndlessWriter(scenario.Database, ledger.Next))
        {
            var pipeline = scenario.Pipeline();
            await StreamAndReadAsync(scenario, pipeline, Check, seen);
            await StreamAndReadAsync(scenario, pipeline, Check, seen);
            foreach (var (step, occurrence) in ((FaultPoint, int)[])[(FaultPoint.BatchApplied, 3),
                (FaultPoint.PartApplied, 2)])
            {
                var killed = await scenario.Process.RunAsync(
                    PipelineOperation.Follow, step.ToString(), occurrence, cancellationToken: Token);
                Assert.True(PipelineProcess.WasKilled(killed), killed.ErrorOutput);
                Check(await ReadAsync(pipeline));
            }
            await StreamAndReadAsync(scenario, pipeline, Check, seen);
            await writer.StopAsync();
        }
        await scenario.CatchUpAsync();
        Check(await ReadAsync(scenario.Pipeline()));
        await scenario.AssertEqualAsync();
        output.WriteLine($"{seen.Count} states of {last} seen");
        Assert.True(seen.Count >= 3 * NewStatesEachRun);
    }

    [Fact]
    public async Task The_total_is_right_in_every_state_that_a_reader_sees_of_concurrent_writers()
    {
        await using var scenario = await Scenario.CreateAsync(pool, TransferLedger.Setup);
        await scenario.ExecuteAsync("CREATE SEQUENCE step");
        var seen = new HashSet<long>();
        void Check(IReadOnlyList<object?> row)
        {
            Assert.Equal(TransferLedger.Total, row[3]);
            seen.Add((long)row[1]!);
        }

        await using (var first = new EndlessWriter(scenario.Database, Transfers(1)))
        await using (var second = new EndlessWriter(scenario.Database, Transfers(2)))
        await using (var third = new EndlessWriter(scenario.Database, Transfers(3)))
        {
            var pipeline = scenario.Pipeline();
            await StreamAndReadAsync(scenario, pipeline, Check, seen);
            await StreamAndReadAsync(scenario, pipeline, Check, seen);
            await Task.WhenAll(first.StopAsync(), second.StopAsync(), third.StopAsync());
        }
        await scenario.CatchUpAsync();
        Check(await ReadAsync(scenario.Pipeline()));
        await scenario.AssertEqualAsync();
        output.WriteLine($"{seen.Count} states seen");
        Assert.True(seen.Count >= 2 * NewStatesEachRun);
    }

    /// <summary>
    /// Reads as fast as it can while a stream runs, until enough new states were seen; then stops it, and reads again.
    /// </summary>
    private static async Task StreamAndReadAsync(
        Scenario scenario, Pipeline pipeline, Action<IReadOnlyList<object?>> check, HashSet<long> seen)
    {
        var streaming = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnEvent = e =>
        {
            if (e is Milestone { Message: var m } && m.StartsWith("Streaming", StringComparison.Ordinal))
                streaming.TrySetResult();
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var stream = pipeline.StreamAsync(new StreamOptions(), scenario, stop.Token);
        await Task.WhenAny(streaming.Task, stream);
        var enough = seen.Count + NewStatesEachRun;
        while (seen.Count < enough && !stream.IsCompleted) check(await ReadAsync(pipeline));
        await stop.CancelAsync();
        Assert.Equal(StreamEnd.Stopped, (await stream).EndedBy);
        check(await ReadAsync(pipeline));
    }

    private static async Task<IReadOnlyList<object?>> ReadAsync(Pipeline pipeline) =>
        (await pipeline.QueryAsync(TransferLedger.Query, Token)).Rows[0];

    /// <summary>Rows are locked in one order, so that writers only wait for each other.</summary>
    private static Func<string> Transfers(int writer)
    {
        var random = new SplitMix((ulong)writer);
        return () =>
        {
            var amount = random.Between(-50, 50);
            var (first, second) = (random.Between(1, TransferLedger.AccountsEach),
                random.Between(1, TransferLedger.AccountsEach));
            return random.Percent(50)
                ? $"UPDATE one SET balance = balance - {amount} WHERE id = {first}; "
                    + $"UPDATE two SET balance = balance + {amount} WHERE id = {second}; "
                    + $"INSERT INTO transfers VALUES (nextval('step'), {writer})"
                : $"UPDATE two SET balance = balance - {amount} WHERE id = {first}; "
                    + $"UPDATE three SET balance = balance + {amount} WHERE id = {second}; "
                    + $"INSERT INTO transfers VALUES (nextval('step'), {writer})";
        };
    }
}
