using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Baselines;

/// <summary>The least that a copy of a table can take: one psql, one binary COPY, to /dev/null.</summary>
internal static class PsqlCopy
{
    public static Task<TimeSpan> RunAsync(TestDatabase database, string table) => ClientProgram.RunAsync(
        database.Server,
        "psql",
        "--no-psqlrc", "--host", database.Server.Host, "--port", $"{database.Server.Port}",
        "--username", database.Server.SuperUser, "--dbname", database.Name,
        "--command", $"COPY {table} TO STDOUT (FORMAT binary)");
}
