using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// Tells who holds up the making of a slot, which waits for every transaction then running at the server.
/// </summary>
internal static class SlotBlockers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);

    /// <summary>Looks after two seconds and then each minute, until it is over.</summary>
    public static async Task WatchAsync(PostgresConnector source, Action<string> tell, CancellationToken over)
    {
        for (var pause = Patience; ; pause = Reminder)
        {
            await Task.Delay(pause, over).ConfigureAwait(false);
            try
            {
                await TellAsync(source, tell, over).ConfigureAwait(false);
            }
            catch (Exception e) when (e is EtlException or Npgsql.NpgsqlException)
            {
                // Only a service: what stands in the way of the slot is told by its making.
            }
        }
    }

    private static async Task TellAsync(PostgresConnector source, Action<string> tell, CancellationToken over)
    {
        var connection = await source.OpenAsync(over).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        var blockers = await new SlotCatalog(connection).ReadBlockersAsync(over).ConfigureAwait(false);
        if (blockers.Count == 0) return;
        tell(
            $"Making the replication slot waits for transactions to end: {string.Join("; ", blockers.Take(5))}"
            + $"{(blockers.Count > 5 ? $"; and {blockers.Count - 5} more" : "")}.");
    }
}
