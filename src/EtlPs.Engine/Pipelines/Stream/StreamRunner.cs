using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Follows the source: backfills first where that was not done, shows tables once the stream has passed their copy, and
/// goes on without a table that cannot be applied.
/// </summary>
internal sealed class StreamRunner(PipelineRun run, NpgsqlConnection source)
{
    private readonly List<TableCopyResult> _setAside = [];

    public async Task<StreamResult> RunAsync(Survey survey, StreamOptions options, CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (options.Duration is { } duration) time.CancelAfter(duration);
        var meter = new StreamMeter(run.Observer);
        IReadOnlyList<TableCopyResult> copied = [];
        StreamEnd end;
        try
        {
            copied = await PrepareAsync(survey, options, time.Token).ConfigureAwait(false);
            await SetAsideUnpublishedAsync(time.Token).ConfigureAwait(false);
            end = await FollowAsync(await GoalAsync(options).ConfigureAwait(false), meter, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested)
        {
            end = StreamEnd.Stopped;
        }
        if (end == StreamEnd.Stopped && !stop.IsCancellationRequested && time.IsCancellationRequested) end = StreamEnd.DurationOver;

        var position = run.State.FindPipeline()?.Position ?? Lsn.Zero;
        var lag = await ReadLagAsync(position, meter).ConfigureAwait(false);
        return new StreamResult(
            meter.Transactions, meter.Changes, position, lag,
            Stopwatch.GetElapsedTime(begun), end, [.. copied.Where(c => c.Copied)],
            [.. copied.Where(c => c.State == TableState.SetAside), .. _setAside]);
    }

    private async Task<IReadOnlyList<TableCopyResult>> PrepareAsync(
        Survey survey, StreamOptions options, CancellationToken cancellationToken)
    {
        if (!survey.StartsAnew || !options.SkipBackfill)
            return await new BackfillRunner(run, source).RunAsync(survey, new BackfillOptions(), cancellationToken).ConfigureAwait(false);

        await using var slot = await new PipelineStart(run, source).WithSlotAsync(survey, cancellationToken).ConfigureAwait(false);
        run.InTransaction(() =>
        {
            foreach (var table in survey.TablesToCopy.Select(t => t.Record))
            {
                var empty = table with { State = TableState.Ready, CopiedAt = slot.ConsistentPoint };
                TableDdl.CreateHiddenTable(run.Connection, empty);
                TableDdl.Show(run.Connection, empty);
                run.State.UpsertTable(empty);
            }
        });
        return
        [
            .. run.State.ReadTables().Where(t => t.State == TableState.SetAside).Select(t => new TableCopyResult(
                t.Source, t.Destination, t.State, Copied: false, 0, 0, Lsn.Zero, TimeSpan.Zero, StoredError.Of(t))),
        ];
    }

    /// <summary>
    /// A table that was taken out of the publication, or dropped, sends no changes any more: it must not look as if it were followed.
    /// </summary>
    private async Task SetAsideUnpublishedAsync(CancellationToken cancellationToken)
    {
        var published = (await new CatalogReader(source)
            .ReadPublishedTablesAsync(run.Definition.EffectivePublication, cancellationToken).ConfigureAwait(false))
            .Select(t => t.Oid).ToHashSet();
        foreach (var table in run.State.ReadTables())
        {
            if (table.State is not (TableState.Ready or TableState.CatchingUp) || published.Contains(table.Oid)) continue;
            SetAside(new TableFailedException(table.Oid, table.Source, new EtlException(
                EtlErrorCode.PublicationUnusable,
                $"Table {table.Source} is no longer in publication {run.Definition.EffectivePublication}: its changes are not sent.",
                "If it was dropped, nothing is to be done; else put it back and copy the pipeline's tables again with -Restart.")
            {
                Subject = table.Source.ToString(),
            }));
        }
    }

    private async Task<StreamGoal> GoalAsync(StreamOptions options)
    {
        if (options.UntilLsn is { } lsn) return new StreamGoal(lsn, StreamEnd.LsnReached);
        return options.UntilCaughtUp
            ? new StreamGoal(await CurrentLsnAsync(CancellationToken.None).ConfigureAwait(false), StreamEnd.CaughtUp)
            : StreamGoal.None;
    }

    private async Task<StreamEnd> FollowAsync(StreamGoal goal, StreamMeter meter, CancellationToken stop)
    {
        var slotWait = new SlotWait();
        while (true)
        {
            var position = run.State.FindPipeline()!.Position;
            ShowCaughtUp(position);
            var tables = run.State.ReadTables();
            var catchUp = tables.Where(t => t.State == TableState.CatchingUp).Select(t => (Lsn?)t.CopiedAt).Max();
            var next = catchUp is { } lsn && (goal.Target is null || lsn < goal.Target) ? new StreamGoal(lsn, StreamEnd.CaughtUp) : goal;
            if (next.IsReachedBy(position) && ReferenceEquals(next, goal)) return goal.End;
            try
            {
                var end = await StreamAsync(tables, position, next, meter, stop).ConfigureAwait(false);
                slotWait.Over();
                if (ReferenceEquals(next, goal) || end == StreamEnd.Stopped)
                {
                    ShowCaughtUp(run.State.FindPipeline()!.Position);
                    return end;
                }
            }
            catch (TableFailedException e)
            {
                slotWait.Over();
                SetAside(e);
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.SlotActive && slotWait.IsWorthwhile)
            {
                await slotWait.PauseAsync(stop).ConfigureAwait(false);
            }
        }
    }

    private async Task<StreamEnd> StreamAsync(
        IReadOnlyList<TableRecord> tables, Lsn position, StreamGoal goal, StreamMeter meter, CancellationToken stop)
    {
        using var connection = run.File.Connect();
        var applier = new BatchApplier(connection, new StateStore(connection, run.Definition.Name), new SourceRows(run.Source), position, run.Faults);
        var streamed = new List<StreamedTable>();
        foreach (var table in tables.Where(t => t.State is TableState.Ready or TableState.CatchingUp))
        {
            var target = new StreamedTable(table.Schema, table.CopiedAt);
            streamed.Add(target);
            applier.Map(target, table.CurrentName);
        }
        run.Tell($"Streaming from {position}.", MilestoneLevel.Verbose);
        using var close = new CancellationTokenSource();
        var channel = await NpgsqlReplicationChannel.OpenAsync(
            run.Source, run.Definition.EffectiveSlotName, run.Definition.EffectivePublication, position, close.Token).ConfigureAwait(false);
        await using var closing = channel.ConfigureAwait(false);
        var collector = new ChangeCollector(new RelationMap(streamed), position);
        var session = new StreamSession(channel, collector, applier, goal, meter);
        try
        {
            return await session.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            // A read that still waits must be over before its connection is closed.
            await close.CancelAsync().ConfigureAwait(false);
            await session.SettleAsync().ConfigureAwait(false);
        }
    }

    /// <summary>All tables that the position has passed become visible together.</summary>
    private void ShowCaughtUp(Lsn position)
    {
        var shown = run.State.ReadTables().Where(t => t.State == TableState.CatchingUp && t.CopiedAt <= position).ToList();
        if (shown.Count == 0) return;
        run.InTransaction(() =>
        {
            foreach (var table in shown)
            {
                TableDdl.Show(run.Connection, table);
                run.State.SetTableState(table.Oid, TableState.Ready);
            }
            run.Faults.Reached(Faults.FaultPoint.TableRenamed);
        });
        foreach (var table in shown) run.Observer.Post(new TableStateChanged(table.Source, TableState.Ready));
    }

    private void SetAside(TableFailedException failure)
    {
        var record = run.State.ReadTables().First(t => t.Oid == failure.Oid);
        run.InTransaction(() =>
        {
            if (record.IsVisible)
            {
                var position = run.State.FindPipeline()!.Position;
                run.State.SetTableState(
                    failure.Oid, TableState.SetAside, failure.Error.Code.ToString(),
                    $"{failure.Error.Message} The table stays as of {position}.");
                return;
            }
            // Never shown, and as of no single LSN that a user could make sense of.
            TableDdl.DropHidden(run.Connection, record);
            run.State.UpsertTable(record.Aside(failure.Error));
        });
        run.Observer.Post(new TableStateChanged(failure.Table, TableState.SetAside, failure.Error));
        _setAside.Add(new TableCopyResult(
            record.Source, record.Destination, TableState.SetAside, Copied: false, record.Rows, record.Bytes, record.CopiedAt,
            TimeSpan.Zero, failure.Error));
    }

    /// <summary>The session may have idled for hours: a stream that ended well must not fail for it.</summary>
    private async Task<long> ReadLagAsync(Lsn position, StreamMeter meter)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            var current = await CurrentLsnAsync(timeout.Token).ConfigureAwait(false);
            return current > position ? current - position : 0;
        }
        catch (Exception e) when (e is EtlException or OperationCanceledException)
        {
            return meter.LagBytes;
        }
    }

    private async Task<Lsn> CurrentLsnAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_current_wal_flush_lsn()::pg_catalog.text", source);
            return Lsn.Parse((string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw run.Source.Translate(e);
        }
    }
}
