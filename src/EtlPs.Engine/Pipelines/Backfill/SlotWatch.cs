using System.Globalization;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Watches the pipeline's slot while tables are copied. Nothing moves it on meanwhile, so that a long copy is when it
/// is lost: that is told before it is too late, and ends a copy that no stream could go on from. Nor does anything use
/// it, which is kept from a server that drops idle slots.
/// </summary>
internal sealed class SlotWatch(PipelineRun run)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly string _slot = run.Definition.EffectiveSlotName;
    private EtlException? _gone;
    private bool _toldScarce;
    private bool _toldUnreserved;

    /// <summary>Runs <paramref name="copy"/>, and stops it once the slot is gone.</summary>
    /// <exception cref="EtlException">SlotLost or SlotMissing; and whatever the copy throws.</exception>
    public async Task<T> DuringAsync<T>(Func<CancellationToken, Task<T>> copy, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(stop, over.Token);
        try
        {
            var copied = await copy(stop.Token).ConfigureAwait(false);
            return _gone is null ? copied : throw _gone;
        }
        catch (Exception) when (_gone is not null)
        {
            // Whatever a copy throws that is stopped in the middle: the cause is the slot.
            throw _gone;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(CancellationTokenSource stop, CancellationToken over)
    {
        NpgsqlConnection? connection = null;
        try
        {
            while (_gone is null)
            {
                await Task.Delay(Interval, over).ConfigureAwait(false);
                try
                {
                    connection ??= await run.Source.OpenAsync(over).ConfigureAwait(false);
                    var room = await SlotRoomReader.FindAsync(connection, _slot, over).ConfigureAwait(false);
                    _gone = Judge(room);
                    if (_gone is null && room is { Idles: true })
                        await new SlotCatalog(connection).TouchAsync(_slot, over).ConfigureAwait(false);
                }
                catch (Exception e)
                    when (e is EtlException or NpgsqlException or IOException or InvalidOperationException)
                {
                    // A source that cannot be reached is told by the copy; the next look has a session of its own.
                    if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
                    connection = null;
                }
            }
            await stop.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Returns why no stream could go on from the copy; null: one can.</summary>
    private EtlException? Judge(SlotRoom? room)
    {
        if (room is null) return SlotErrors.DroppedInMidCopy(_slot);
        switch (room.WalStatus)
        {
            case "lost":
                return SlotErrors.Lost(_slot, room.Invalidation);
            case "unreserved":
                WarnUnreserved(room);
                return null;
            default:
                WarnScarce(room);
                return null;
        }
    }

    /// <summary>
    /// Half is left: as much time as the copy had up to now, if the source goes on writing as it does.
    /// </summary>
    private void WarnScarce(SlotRoom room)
    {
        if (_toldScarce || room is not { SafeBytes: { } safe, LimitBytes: { } limit } || safe >= limit / 2) return;
        _toldScarce = true;
        run.Tell(
            $"Replication slot {_slot} keeps {Size(room.KeptBytes)} of WAL, and is in danger after {Size(safe)} more: "
            + $"max_slot_wal_keep_size is {Size(limit)}. Raise it on the source while the copy runs (ALTER SYSTEM, "
            + "then SELECT pg_reload_conf()), if its disk has room.",
            MilestoneLevel.Warning);
    }

    private void WarnUnreserved(SlotRoom room)
    {
        _toldScarce = true;
        if (_toldUnreserved) return;
        _toldUnreserved = true;
        run.Tell(
            $"Replication slot {_slot} is lost at the source's next checkpoint: it keeps {Size(room.KeptBytes)} of "
            + $"WAL, and max_slot_wal_keep_size allows {Size(room.LimitBytes)}. Raise that now (ALTER SYSTEM, then "
            + "SELECT pg_reload_conf()), or everything has to be copied again.",
            MilestoneLevel.Warning);
    }

    private static string Size(long? bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{(bytes ?? 0) / 1048576.0:#,0.#} MB");
}
