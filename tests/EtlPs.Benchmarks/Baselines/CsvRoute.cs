using System.Diagnostics;
using DuckDB.NET.Data;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Baselines;

/// <summary>What one does without a tool: psql writes a CSV file, and DuckDB reads it into a table.</summary>
internal static class CsvRoute
{
    /// <summary>
    /// What this program is called with to read a file: in a process of its own, so that its memory is not taken for
    /// EtlPs's.
    /// </summary>
    public const string ReadCommand = "read-csv";

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
            using (Process reader = Process.Start(Environment.ProcessPath!, [ReadCommand, csv, file]))
            {
                await reader.WaitForExitAsync();
                if (reader.ExitCode != 0)
                    throw new InvalidOperationException($"{ReadCommand} ended with {reader.ExitCode}.");
            }
            return Stopwatch.GetElapsedTime(began);
        }
        finally
        {
            File.Delete(csv);
            File.Delete(file);
        }
    }

    /// <summary>Reads a CSV file into a table of a DuckDB file.</summary>
    public static void Read(string csv, string file)
    {
        using var connection = new DuckDBConnection($"DataSource={file}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"CREATE TABLE t AS FROM read_csv('{csv}')";
        command.ExecuteNonQuery();
    }
}
