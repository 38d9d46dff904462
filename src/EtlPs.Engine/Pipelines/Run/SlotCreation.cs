using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Makes a slot and, since that waits for every transaction then running at the server, tells who holds it up.
/// </summary>
internal static class SlotCreation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);

    /// <inheritdoc cref="SnapshotSlot.CreateAsync"/>
    public static async Task<SnapshotSlot> CreateAsync(
        PipelineRun run, string slotName, bool temporary, Func<CancellationToken, Task>? afterSlotCreated,
        CancellationToken cancellationToken, bool keepsConnection = false)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(run, over.Token);
        try
        {
            return await SnapshotSlot
                .CreateAsync(run.Source, slotName, temporary, Created, cancellationToken, keepsConnection).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task Created(CancellationToken token)
        {
            await over.CancelAsync().ConfigureAwait(false);
            if (afterSlotCreated is not null) await afterSlotCreated(token).ConfigureAwait(false);
        }
    }

    private static async Task WatchAsync(PipelineRun run, CancellationToken over)
    {
        for (var pause = Patience; ; pause = Reminder)
        {
            await Task.Delay(pause, over).ConfigureAwait(false);
            try
            {
                await TellBlockersAsync(run, over).ConfigureAwait(false);
            }
            catch (Exception e) when (e is EtlException or Npgsql.NpgsqlException)
            {
                // Only a service: what stands in the way of the run is told by the run.
            }
        }
    }

    private static async Task TellBlockersAsync(PipelineRun run, CancellationToken over)
    {
        var connection = await run.Source.OpenAsync(over).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        var blockers = await new SlotCatalog(connection).ReadBlockersAsync(over).ConfigureAwait(false);
        if (blockers.Count == 0) return;
        run.Tell(
            $"Making the replication slot waits for transactions to end: {string.Join("; ", blockers.Take(5))}"
            + $"{(blockers.Count > 5 ? $"; and {blockers.Count - 5} more" : "")}.",
            MilestoneLevel.Warning);
    }
}
