using System.Diagnostics;
using DuckDB.NET.Data;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Baselines;

/// <summary>What one does without a tool: psql writes a CSV file, and DuckDB reads it into a table.</summary>
internal static class CsvRoute
{
    public static async Task<TimeSpan> RunAsync(TestDatabase database, string table, string folder)
    {
        string csv = Path.Combine(folder, "route.csv");
        string file = Path.Combine(folder, "route.duckdb");
        try
        {
            long began = Stopwatch.GetTimestamp();
            await ClientProgram.RunAsync(
                database.Server,
                "psql",
                "--no-psqlrc", "--host", database.Server.Host, "--port", $"{database.Server.Port}",
                "--username", database.Server.SuperUser, "--dbname", database.Name,
                "--command", $"\\copy {table} TO '{csv}' (FORMAT csv, HEADER)");
            using (var connection = new DuckDBConnection($"DataSource={file}"))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = $"CREATE TABLE t AS FROM read_csv('{csv}')";
                command.ExecuteNonQuery();
            }
            return Stopwatch.GetElapsedTime(began);
        }
        finally
        {
            File.Delete(csv);
            File.Delete(file);
        }
    }
}
