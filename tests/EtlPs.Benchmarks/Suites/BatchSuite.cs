using System.Diagnostics;
using EtlPs.Benchmarks.Data;
using EtlPs.Benchmarks.Measuring;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Benchmarks.Suites;

/// <summary>
/// One batch of a thousand updates at random keys, from its first statement to its commit, on two sizes of table.
/// </summary>
internal sealed class BatchSuite(string folder, long memoryLimit)
{
    private const int Changes = 1000;
    private const double MostTimesAsLong = 6;

    public IEnumerable<IFigure> Run(int scale, int batches)
    {
        int few = scale * 60_000;
        using var small = new Target(folder, memoryLimit, few);
        using var large = new Target(folder, memoryLimit, few * 10);
        var onSmall = new List<TimeSpan>();
        var onLarge = new List<TimeSpan>();
        for (int i = 0; i <= batches; i++)
        {
            TimeSpan first = small.Apply();
            TimeSpan second = large.Apply();
            if (i == 0) continue; // compilation
            onSmall.Add(first);
            onLarge.Add(second);
        }
        yield return new Ratio(
            $"A batch of {Changes} changes", new($"{few * 10 / 1e6:0.#} million rows", onLarge),
            new($"{few / 1e6:0.#} million", onSmall),
            MostTimesAsLong);
    }

    private sealed class Target : IDisposable
    {
        private readonly KeyedTable _table;
        private readonly DuckDbFile _file;
        private readonly BatchApplier _applier;
        private ulong _position;

        public Target(string folder, long memoryLimit, int rows)
        {
            _table = new KeyedTable(rows);
            var settings = new DuckDbSettings(Path.Combine(folder, $"{rows}.duckdb")) { MemoryLimit = memoryLimit };
            _file = DuckDbFile.Open(settings);
            var connection = _file.Connect();
            StateSchema.Ensure(connection);
            _table.Create(connection);
            _applier = new BatchApplier(
                connection, new StateStore(connection, "batches"), new NoBaseRows(), Lsn.Zero, new NoFaults());
            ScanThreads.Fit(connection, settings);
            _applier.Map(_table.Table, _table.Table.Schema.Name);
        }

        public TimeSpan Apply()
        {
            ChangeBatch batch = _table.Updates(Changes, ++_position);
            long began = Stopwatch.GetTimestamp();
            _applier.Apply(batch);
            return Stopwatch.GetElapsedTime(began);
        }

        public void Dispose() => _file.Dispose();
    }

    private sealed class NoBaseRows : IBaseRows
    {
        public Lsn Fetch(TableSchema table, IReadOnlyList<string[]> keys, TableAppender target, ICopyLosses losses) =>
            throw new InvalidOperationException("Every row is there.");
    }
}
