using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// Estimates a copy by reads only: its bytes, ranges and time, and the WAL that the source keeps meanwhile.
/// </summary>
internal sealed class CopyForecast
{
    // Of a worker, on two cores that server, client and DuckDB share; a network or a disk may be slower.
    private const double BytesPerSecond = 50e6;

    // Opening, showing and committing a small table.
    private static readonly TimeSpan TimeOfTable = TimeSpan.FromMilliseconds(15);

    private const string WalRate = """
        SELECT (wal_bytes / NULLIF(GREATEST(EXTRACT(EPOCH FROM pg_catalog.now() - stats_reset), 1), 0))::float8
        FROM pg_catalog.pg_stat_wal
        """;

    private readonly Dictionary<uint, int> _ranges;

    private CopyForecast(Dictionary<uint, int> ranges, CopyEstimate? total)
    {
        _ranges = ranges;
        Total = total;
    }

    /// <summary>All of it; null: nothing is to be copied.</summary>
    public CopyEstimate? Total { get; }

    public static async Task<CopyForecast> MakeAsync(
        NpgsqlConnection source, Survey survey, int workers, CancellationToken cancellationToken)
    {
        var sizes = survey.TablesToCopy.ToDictionary(t => t.Record.Oid, t => t.Size?.Bytes ?? 0);
        if (sizes.Count == 0) return new CopyForecast([], null);
        var ranges = sizes.ToDictionary(
            s => s.Key, s => CopyRange.Split(s.Value, RangeSize.Of(s.Value, workers)).Count);
        var bytes = sizes.Values.Sum();
        var time = TimeSpan.FromSeconds(bytes / BytesPerSecond / Math.Clamp(ranges.Values.Sum(), 1, workers))
            + TimeOfTable * sizes.Count / Math.Clamp(sizes.Count, 1, workers);
        var rate = survey.UsesSlot
            ? (await source.ReadAsync(WalRate, r => r.GetNullable<double>(0), cancellationToken)
                .ConfigureAwait(false))[0]
            : null;
        return new CopyForecast(ranges, new CopyEstimate(bytes, time, (long?)(rate * time.TotalSeconds)));
    }

    /// <summary>About how many ranges a table is copied in.</summary>
    public int RangesOf(uint table) => _ranges.GetValueOrDefault(table);
}
