using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Makes a slot and, since that waits for every transaction then running at the server, tells who holds it up.
/// </summary>
internal static class SlotCreation
{
    /// <inheritdoc cref="SnapshotSlot.CreateAsync"/>
    public static async Task<SnapshotSlot> CreateAsync(
        PipelineRun run, string slotName, bool temporary, Func<CancellationToken, Task>? afterSlotCreated,
        CancellationToken cancellationToken, bool keepsConnection = false)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = SlotBlockers.WatchAsync(
            run.Source, blockers => run.Tell(blockers, MilestoneLevel.Warning), over.Token);
        try
        {
            return await SnapshotSlot
                .CreateAsync(run.Source, slotName, temporary, Created, cancellationToken, keepsConnection)
                .ConfigureAwait(false);
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
}
