using System.Diagnostics;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// From a commit's return at the source until a reader of the DuckDB file sees it, while the source commits at an even
/// rate into a table that holds all accounts.
/// </summary>
internal sealed class LatencySuite(TestDatabase database, EtlRuns etl)
{
    private const string Ticks = "public.ticks";
    private const int PerSecond = 500;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public async IAsyncEnumerable<IFigure> RunAsync(int scale)
    {
        await database.ExecuteAsync($"CREATE TABLE {Ticks} (id int PRIMARY KEY)");
        Pipeline pipeline = await etl.PrepareStreamAsync([Accounts.Table, Ticks]);
        int warmUp = PerSecond * 2;
        int commits = warmUp + (PerSecond * Math.Max(2, scale * 3 / 5));
        long[] committed = new long[commits + 1];
        long[] seen = new long[commits + 1];
        using var stop = new CancellationTokenSource();
        Task<StreamResult> stream = etl.FollowAsync(pipeline, stop.Token);
        Task watching = WatchAsync(pipeline, seen);
        await CommitAsync(committed, scale * Accounts.RowsOfScale);
        if (await Task.WhenAny(watching, stream) == stream)
            throw new InvalidOperationException($"The stream ended: {(await stream).EndedBy}.");
        await stop.CancelAsync();
        await stream;
        await etl.RemoveAsync(pipeline);

        double[] latencies = [.. Enumerable.Range(warmUp + 1, commits - warmUp)
            .Select(i => Stopwatch.GetElapsedTime(committed[i], seen[i]).TotalMilliseconds).Order()];
        yield return new Bound($"Latency at {PerSecond} commits/s, median", latencies[latencies.Length / 2], 50, "ms");
        yield return new Bound(
            $"Latency at {PerSecond} commits/s, 99th of 100", latencies[latencies.Length * 99 / 100], 250, "ms");
    }

    private async Task CommitAsync(long[] committed, int rows)
    {
        await using NpgsqlConnection connection = await database.OpenAsync();
        await using var batch = new NpgsqlBatch(connection);
        var update = new NpgsqlBatchCommand($"UPDATE {Accounts.Table} SET abalance = abalance + 1 WHERE aid = $1");
        var tick = new NpgsqlBatchCommand($"INSERT INTO {Ticks} VALUES ($1)");
        var account = new NpgsqlParameter<int>();
        var id = new NpgsqlParameter<int>();
        update.Parameters.Add(account);
        tick.Parameters.Add(id);
        batch.BatchCommands.Add(update);
        batch.BatchCommands.Add(tick);
        var random = new Random(500);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / PerSecond));
        for (int i = 1; i < committed.Length; i++)
        {
            account.TypedValue = random.Next(1, rows + 1);
            id.TypedValue = i;
            await batch.ExecuteNonQueryAsync();
            committed[i] = Stopwatch.GetTimestamp();
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task WatchAsync(Pipeline pipeline, long[] seen)
    {
        for (int last = 0; last < seen.Length - 1;)
        {
            await Task.Delay(PollInterval);
            QueryResult result = await pipeline.QueryAsync(
                "SELECT coalesce(max(id), 0) FROM ticks", CancellationToken.None);
            int now = (int)result.Rows[0][0]!;
            long time = Stopwatch.GetTimestamp();
            while (last < now) seen[++last] = time;
        }
    }
}
