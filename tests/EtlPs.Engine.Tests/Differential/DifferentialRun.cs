using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Tests.Pipelines;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>
/// One seed: its connections write while the pipeline copies and streams, is stopped and killed, and goes on; in the
/// end both sides must be equal.
/// </summary>
internal sealed class DifferentialRun(ServerPool pool, RandomLoad load)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    private readonly RunLog _log = new();
    private readonly SplitMix _random = load.Runs;
    private Scenario _scenario = null!;

    public int Kills { get; private set; }

    public int Stops { get; private set; }

    public int Committed { get; private set; }

    /// <summary>Runs it. Returns what went wrong, and how to repeat it; null: nothing did.</summary>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(Longest);
        await using (_scenario = await Scenario.CreateAsync(pool, load.Setup[0], $"differential_{load.Seed}"))
        {
            _scenario.OnEvent = e =>
            {
                if (e is not (StreamProgress or TableCopyProgress)) _log.Write($"{e}");
            };
            try
            {
                await CompareAsync(time.Token);
                return null;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                _log.Write($"{e}");
                var folder = _log.Keep(load, _scenario.File);
                return $"""
                    Seed {load.Seed}: {(time.IsCancellationRequested ? $"not over after {Longest}: " : "")}{e.Message}
                    Statements and log: {folder}
                    Again: {DifferentialTests.SeedVariable}={load.Seed} dotnet test tests/EtlPs.Engine.Tests --filter FullyQualifiedName~{nameof(DifferentialTests)}
                    """;
            }
        }
    }

    private async Task CompareAsync(CancellationToken token)
    {
        await _scenario.ExecuteAsync(string.Join(";\n", load.Setup.Skip(1)));
        // So little that the walsender streams, or spills, what is not large at all.
        if (_random.Percent(50))
            await _scenario.ExecuteAsync(
                $"ALTER DATABASE \"{_scenario.Database.Name}\" SET logical_decoding_work_mem = '64kB'");
        // So small that copies are cut off in the middle of a table.
        if (_random.Percent(60)) _scenario.RangeBytes = 32768;
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(token);
        var writers = load.Connections.Select((c, i) => new RandomWriter(_scenario.Database, i, c, _log)).ToList();
        var writing = writers.Select(w => w.RunAsync(failed.Token)).ToList();
        try
        {
            await ActAsync(writers, writing, token);
            await Task.WhenAll(writing);
        }
        finally
        {
            await failed.CancelAsync();
            await Task.WhenAll(writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Committed = writers.Sum(w => w.Committed);
        await StreamAsync(new StreamOptions { UntilCaughtUp = true }, token);
        await _scenario.AssertEqualAsync(MatrixKinds.Forms);
        await _scenario.AssertNothingLeftOverAsync();
    }

    private async Task ActAsync(List<RandomWriter> writers, List<Task> writing, CancellationToken token)
    {
        var actions = load.IsSmall ? 3 : _random.Between(6, 12);
        var killedAction = load.IsSmall ? _random.Below(2) : -1;
        for (var action = 0; action < actions; action++)
        {
            foreach (var (writer, transactions) in writers.Zip(load.Connections))
                writer.Allow((transactions.Count * (action + 1) / actions) - (transactions.Count * action / actions));
            var kind = action == killedAction ? 0 : load.IsSmall ? _random.Between(5, 9) : _random.Below(10);
            try
            {
                await (kind switch
                {
                    < 5 => KillAsync(token),
                    < 8 => StopAsync(token),
                    8 => BackfillAsync(token),
                    _ => StreamAsync(new StreamOptions { UntilCaughtUp = true }, token),
                });
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.SourceUnreachable)
            {
                // A machine under such a load that the server answers too late: an end like others, after which it goes
                // on.
                _log.Write(e.Message);
            }
            if (writing.Find(w => w.IsFaulted) is { } broken) await broken;
        }
    }

    private async Task KillAsync(CancellationToken token)
    {
        var operation = _random.Pick([PipelineOperation.Backfill, PipelineOperation.Follow, PipelineOperation.Follow]);
        FaultPoint? step = _random.Percent(50) ? _random.Pick(Enum.GetValues<FaultPoint>()) : null;
        var occurrence = _random.Between(1, step is null ? 20 : 3);
        var lifetime = TimeSpan.FromMilliseconds(step is null ? _random.Below(500) : 1000);
        _log.Write(
            $"{operation}, to be killed at {step?.ToString() ?? "event"} {occurrence} or {lifetime.TotalMilliseconds} "
            + "ms later");
        var outcome = await _scenario.Process.RunAsync(operation, step?.ToString(), occurrence, lifetime, token);
        _log.Write($"ended with {outcome.ExitCode}\n{outcome.Output}{outcome.ErrorOutput}");
        if (PipelineProcess.WasKilled(outcome)) Kills++;
        else if (outcome.ErrorOutput.StartsWith(nameof(EtlErrorCode.SourceUnreachable), StringComparison.Ordinal))
            return;
        else if (outcome.ExitCode != 0) throw new InvalidOperationException($"A run failed: {outcome.ErrorOutput}");
    }

    private async Task StopAsync(CancellationToken token)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        stop.CancelAfter(_random.Between(20, load.IsSmall ? 600 : 3000));
        try
        {
            await StreamAsync(new StreamOptions(), stop.Token);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            _log.Write("stopped before it streamed");
        }
        Stops++;
    }

    private async Task BackfillAsync(CancellationToken token)
    {
        _log.Write("backfill");
        var results = await _scenario.Pipeline().BackfillAsync(
            new BackfillOptions { Workers = _random.Between(1, 2) }, _scenario, token);
        Assert.DoesNotContain(results, r => r.State == TableState.SetAside);
    }

    private async Task StreamAsync(StreamOptions options, CancellationToken token)
    {
        _log.Write($"stream {options}");
        var result = await _scenario.Pipeline().StreamAsync(options, _scenario, token);
        _log.Write($"{result}");
        Assert.Empty(result.SetAside.Select(t => $"{t.Source}: {t.Error?.Message}"));
    }
}
