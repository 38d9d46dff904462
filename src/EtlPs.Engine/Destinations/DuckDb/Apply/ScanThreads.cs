using System.Globalization;
using DuckDB.NET.Data;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// How many cores a run's DuckDB has: half of them, and all where a table is so large that the scan of its keys, one
/// for each batch, is what everything waits for. Never fewer again while the run lasts: to end a thread DuckDB waits
/// for the query it works for.
/// </summary>
internal static class ScanThreads
{
    // A scan on one thread takes about 50 ms.
    private const long LargeTable = 10_000_000;

    /// <summary>Gives the instance all cores if the file has a large table and the user has not set how many.</summary>
    public static void Fit(DuckDBConnection connection, DuckDbSettings settings)
    {
        if (settings.Threads is not null || LargestTable(connection) < LargeTable) return;
        connection.Execute($"SET threads = {Environment.ProcessorCount}");
    }

    private static long LargestTable(DuckDBConnection connection) => Convert.ToInt64(
        connection.Scalar("SELECT max(estimated_size) FROM duckdb_tables() WHERE database_name = current_database()"),
        CultureInfo.InvariantCulture);
}
