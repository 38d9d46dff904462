using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>The workers of one round, under one snapshot: each with a session and a connection of its own.</summary>
/// <param name="run">The run.</param>
/// <param name="snapshot">What all rows are read under.</param>
/// <param name="workers">How many copy at the same time.</param>
internal sealed class CopyWorkers(PipelineRun run, SnapshotSlot snapshot, int workers)
{
    /// <param name="tables">The tables, each with about its bytes.</param>
    /// <param name="round">What becomes of them.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="EtlException">What ends the run; or, once nothing more can be done, how connections were
    /// lost.</exception>
    public async Task RunAsync(
        IEnumerable<(TableRecord Record, long Bytes)> tables, ICopyRound round, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var copies = tables.Select(t => new TableCopy(t.Record, t.Bytes, stop.Token)).ToList();
        try
        {
            var queue = new RangeQueue(copies);
            var works = Enumerable.Range(0, Math.Max(1, workers))
                .Select(_ => Task.Run(() => WorkAsync(queue, round, stop))).ToList();
            // All of them: they use connections that are about to be closed.
            await ((Task)Task.WhenAll(works)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            // One that was cancelled was so for another's error.
            if (works.Find(w => w.IsFaulted) is { } faulted) await faulted.ConfigureAwait(false);
            var ends = await Task.WhenAll(works).ConfigureAwait(false);
            if (ends.FirstOrDefault(e => e is not null) is not { } lost) return;
            if (queue.HasWork) throw lost;
            run.Tell($"{lost.Message} Other sessions have copied what it left.", MilestoneLevel.Warning);
        }
        finally
        {
            foreach (var copy in copies) copy.Dispose();
        }
    }

    private async Task<EtlException?> WorkAsync(RangeQueue queue, ICopyRound round, CancellationTokenSource stop)
    {
        try
        {
            using var connection = run.File.Connect();
            var worker = new CopyWorker(run, round, queue, snapshot, connection);
            await using var closing = worker.ConfigureAwait(false);
            return await worker.RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
