using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Baselines;

/// <summary>
/// The least that a stream can take: pg_recvlogical draining a slot of the same plugin, to /dev/null.
/// </summary>
internal sealed class RecvLogical(TestDatabase database)
{
    /// <summary>The publication that the slots are read with.</summary>
    public string Publication { get; } = $"{database.Name}_baseline";

    /// <summary>Makes publication and slot; changes from now on are what a run reads.</summary>
    public async Task PrepareAsync(string slot, IEnumerable<string> tables)
    {
        await database.ExecuteAsync(
            $"DROP PUBLICATION IF EXISTS {Publication}; CREATE PUBLICATION {Publication} FOR TABLE "
            + $"{string.Join(", ", tables)}");
        await PrepareSlotAsync(slot);
    }

    /// <summary>Makes one more slot for the same publication.</summary>
    public Task PrepareSlotAsync(string slot) =>
        database.ScalarAsync<object>($"SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')::text");

    public Task DropSlotAsync(string slot) => database.ExecuteAsync($"SELECT pg_drop_replication_slot('{slot}')");

    /// <summary>Reads a slot up to what is written now, and drops it.</summary>
    public async Task<TimeSpan> DrainAsync(string slot)
    {
        PostgresServer server = database.Server;
        string end = await database.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text");
        TimeSpan elapsed = await ClientProgram.RunAsync(
            server,
            "pg_recvlogical",
            "--host", server.Host, "--port", $"{server.Port}", "--username", server.SuperUser, "--dbname",
            database.Name,
            "--slot", slot, "--start", "--no-loop", "--endpos", end, "--file", "/dev/null",
            "--option", "proto_version=1", "--option", "binary=true", "--option", $"publication_names={Publication}");
        await DropSlotAsync(slot);
        return elapsed;
    }
}
