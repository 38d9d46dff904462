using EtlPs.Benchmarks.Measuring;
using EtlPs.Benchmarks.Runs;
using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// One transaction of many rows through the stream: what it takes in memory, and whether a reader ever sees a part of
/// it.
/// </summary>
internal sealed class LargeTransactionSuite(TestDatabase database, EtlRuns etl)
{
    private const string Table = "public.large";
    private const int RowsOfScale = 100_000;
    private const double MostMemoryAboveIdle = 500;

    public async IAsyncEnumerable<IFigure> RunAsync(int scale)
    {
        int rows = scale * RowsOfScale;
        await database.ExecuteAsync($"CREATE TABLE {Table} (id int PRIMARY KEY, note text)");
        Pipeline pipeline = await etl.PrepareStreamAsync([Table]);
        await database.ExecuteAsync(
            $"INSERT INTO {Table} SELECT i, 'note number ' || i FROM generate_series(1, {rows}) i");
        long idle = PeakMemory.ReadOwnNow();
        PeakMemory.ResetOwn();
        Task<TimeSpan> stream = etl.StreamAsync(pipeline, rows);
        int parts = 0;
        while (!stream.IsCompleted)
        {
            await Task.WhenAny(stream, Task.Delay(100));
            if (await CountAsync(pipeline) is var seen && seen != 0 && seen != rows) parts++;
        }
        await stream;
        double above = (PeakMemory.ReadOwn() - idle) / 1048576.0;
        if (await CountAsync(pipeline) != rows) throw new InvalidOperationException("Rows are missing.");
        await etl.RemoveAsync(pipeline);
        yield return new Bound(
            $"Memory for a transaction of {rows / 1e6:0.#} million rows", above, MostMemoryAboveIdle, "MB");
        yield return new Bound("Times that a reader saw a part of it", parts, 0, "times");
    }

    private static async Task<long> CountAsync(Pipeline pipeline)
    {
        QueryResult result = await pipeline.QueryAsync($"SELECT count(*) FROM {Table}", CancellationToken.None);
        return Convert.ToInt64(result.Rows[0][0], null);
    }
}
