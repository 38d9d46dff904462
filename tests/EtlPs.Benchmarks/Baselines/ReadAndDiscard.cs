using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Baselines;

/// <summary>A program that reads the stream over the same path as EtlPs and throws it away.</summary>
internal static class ReadAndDiscard
{
    /// <summary>Reads so many row changes, and the commit after the last one.</summary>
    public static async Task<int> RunAsync(TestDatabase database, string slot, string publication, int changes)
    {
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        using var end = new CancellationTokenSource();
        var channel = await NpgsqlReplicationChannel.OpenAsync(
            connector, slot, publication, ValueFormat.Binary, Lsn.Zero, end.Token);
        await using (channel)
        {
            int read = 0;
            while (read < changes && await channel.MoveNextAsync())
                if ((PgOutputKind)channel.Message.Span[0] is PgOutputKind.Insert or PgOutputKind.Update
                    or PgOutputKind.Delete)
                    read++;
            Task rest = channel.MoveNextAsync().AsTask();
            await rest;
            await end.CancelAsync();
            return read;
        }
    }
}
