using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// How many cores a run's DuckDB has: half of them, and all where a table is so large that the scan of its keys, one for each
/// batch, is what everything waits for. Never fewer again while the run lasts: to end a thread DuckDB waits for the query it works for.
/// </summary>
internal static class ScanThreads
{
    // A scan on one thread takes about 50 ms.
    private const long LargeTable = 10_000_000;

    /// <summary>Gives the instance all cores if the table is large and the user has not set how many.</summary>
    public static void Fit(DuckDBConnection connection, DuckDbSettings settings, TableName table)
    {
        if (settings.Threads is not null || RowsOf(connection, table) < LargeTable) return;
        connection.Execute($"SET threads = {Environment.ProcessorCount}");
    }

    private static long RowsOf(DuckDBConnection connection, TableName table) => Convert.ToInt64(connection.Scalar(
        """
        SELECT estimated_size FROM duckdb_tables()
        WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2
        """,
        table.Schema, table.Name));
}
