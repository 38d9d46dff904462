using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// How many rows DuckDB stores together. It holds a row group in memory until that is full, and a checkpoint writes each again that
/// was added to: of rows of 16 KB its own 122,880 are 2 GB, which a memory limit of 250 MB makes it write three times.
/// </summary>
internal static class RowGroups
{
    /// <summary>DuckDB's own, and the most that it takes.</summary>
    public const int Most = 122_880;

    /// <summary>Below, what a group costs is more than its rows do.</summary>
    public const int Least = 4096;

    /// <summary>DuckDB takes whole vectors.</summary>
    private const int Vector = 2048;
    private const double TargetBytes = 64 << 20;

    /// <summary>
    /// The rows of a group in a file, whose tables all have the same: by the width of the row that most bytes are in, so that a few
    /// large rows do not cost many small ones, nor many small rows the large ones.
    /// </summary>
    public static int For(IEnumerable<TableSize> tables)
    {
        double bytes = 0, weighted = 0;
        foreach (var (size, rows) in tables)
        {
            if (rows is not > 0) continue;
            bytes += size;
            weighted += (double)size * size / rows.Value;
        }
        if (weighted == 0) return Most;
        var rowsOfTarget = TargetBytes / (weighted / bytes);
        return (int)Math.Clamp(rowsOfTarget, Least, Most) / Vector * Vector;
    }
}
