using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// How many rows DuckDB stores together. It holds a row group in memory until that is full, copies a column's text once
/// more while it looks for a compression, which its memory limit does not count, and a checkpoint writes each group
/// again that was added to: of rows of 16 KB its own 122,880 are 2 GB, which a memory limit of 250 MB makes it write
/// three times.
/// </summary>
internal static class RowGroups
{
    /// <summary>DuckDB's own, and the most that it takes.</summary>
    public const int Most = 122_880;

    /// <summary>DuckDB takes whole vectors.</summary>
    public const int Least = Vector;

    /// <summary>
    /// Where nothing is known: of narrow rows they cost no more than the most, and of rows of 1 KB they are not too
    /// large.
    /// </summary>
    public const int OfUnknownRows = 24_576;

    private const int Vector = 2048;
    private const double TargetBytes = 32 << 20;

    // What a table without rows, or without statistics, may come to before the next run. Beside a large one it decides
    // nothing.
    private const long UnknownBytes = 256 << 20;

    /// <summary>
    /// The rows of a group in a file, whose tables all have the same: by the width of the row that most bytes are in,
    /// so that a few large rows do not cost many small ones, nor many small rows the large ones.
    /// </summary>
    public static int For(IEnumerable<TableSize> tables)
    {
        double bytes = 0, weighted = 0;
        foreach (var (size, rows) in tables)
        {
            var isKnown = rows > 0;
            double known = isKnown ? size : Math.Max(size, UnknownBytes);
            bytes += known;
            weighted += known * (isKnown ? (double)size / rows!.Value : TargetBytes / OfUnknownRows);
        }
        if (weighted == 0) return Most;
        var rowsOfTarget = TargetBytes / (weighted / bytes);
        return (int)Math.Clamp(rowsOfTarget, Least, Most) / Vector * Vector;
    }
}
