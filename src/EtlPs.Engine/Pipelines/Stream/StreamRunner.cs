using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Reset;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Replication.Streaming;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Follows the source: backfills first where that was not done, shows tables once the stream has passed their copy, and
/// goes on without a table that cannot be applied.
/// </summary>
internal sealed class StreamRunner(PipelineRun run, NpgsqlConnection source, ResetDesk resets)
{
    private readonly SourcePosition _source = new(run.Source, source);
    private readonly SourceCheck _check = new(run);
    private readonly List<TableCopyResult> _setAside = [];

    public async Task<StreamResult> RunAsync(Survey survey, StreamOptions options, CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        using var time = new Deadline(options.Duration, stop);
        var meter = new StreamMeter(run.Observer);
        var reconnection = new Reconnection(
            run, source, new SurveyRequest(Restart: false, SnapshotOnly: false), options.ReconnectTimeout);
        IReadOnlyList<TableCopyResult> tables = [];
        StreamEnd end;
        try
        {
            run.Follow(survey.Identity, survey.LeftTimeline);
            tables = await new StreamPreparation(run, source).RunAsync(survey, options, time.Token)
                .ConfigureAwait(false);
            var goal = await reconnection.RunAsync(token => BeginAsync(options, token), time.Token)
                .ConfigureAwait(false);
            end = await FollowAsync(goal, meter, reconnection, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.Token.IsCancellationRequested)
        {
            end = StreamEnd.Stopped;
        }
        if (end == StreamEnd.Stopped && time.HasPassed) end = StreamEnd.DurationOver;

        var position = run.State.FindPipeline()?.Position ?? Lsn.Zero;
        var lag = await _source.TryReadLagAsync(position).ConfigureAwait(false) ?? meter.LagBytes;
        return new StreamResult(
            meter.Transactions, meter.Changes, position, lag,
            Stopwatch.GetElapsedTime(begun), end, [.. tables.Where(t => t.Copied)],
            [.. tables.Where(t => t.State == TableState.SetAside), .. _setAside], reconnection.Count);
    }

    private async Task<StreamGoal> BeginAsync(StreamOptions options, CancellationToken cancellationToken)
    {
        await CheckSourceAsync(cancellationToken).ConfigureAwait(false);
        return await GoalAsync(options, cancellationToken).ConfigureAwait(false);
    }

    private async Task<StreamGoal> GoalAsync(StreamOptions options, CancellationToken cancellationToken)
    {
        if (options.UntilLsn is { } lsn) return new StreamGoal(lsn, StreamEnd.LsnReached);
        if (!options.UntilCaughtUp) return StreamGoal.None;
        var current = await _source.ReadAsync(cancellationToken).ConfigureAwait(false);
        // What the check of the source left open is decided in this run.
        return new StreamGoal(_check.Due is { } due && due > current ? due : current, StreamEnd.CaughtUp);
    }

    private async Task<StreamEnd> FollowAsync(
        StreamGoal goal, StreamMeter meter, Reconnection reconnection, CancellationToken stop)
    {
        var slotWait = new SlotWait();
        while (true)
        {
            var position = run.State.FindPipeline()!.Position;
            ShowCaughtUp(position);
            var tables = run.State.ReadTables();
            var between = new[] { NextToShow(tables), _check.Due }.Min();
            var next = between is { } lsn && (goal.Target is null || lsn <= goal.Target)
                ? new StreamGoal(lsn, StreamEnd.CaughtUp)
                : goal;
            if (next.IsReachedBy(position) && ReferenceEquals(next, goal))
            {
                // DDL that no row follows is seen in the catalog only.
                await reconnection.RunAsync(CheckSourceAsync, stop).ConfigureAwait(false);
                if (goal.End != StreamEnd.CaughtUp || _check.Due is not { } open) return goal.End;
                goal = goal with { Target = open };
                continue;
            }
            var format = resets.FormatOf(tables.Select(t => t.Schema));
            try
            {
                var end = await reconnection.RunAsync(
                    token => StreamAsync(tables, format, next, meter, token), stop).ConfigureAwait(false);
                slotWait.Over();
                if (stop.IsCancellationRequested)
                {
                    ShowCaughtUp(run.State.FindPipeline()!.Position);
                    return end;
                }
                if (end == StreamEnd.Stopped || !ReferenceEquals(next, goal))
                    await reconnection.RunAsync(CheckSourceAsync, stop).ConfigureAwait(false);
            }
            catch (TableFailedException e)
            {
                slotWait.Over();
                var failed = run.State.FindTable(e.Oid)!;
                // An enum may have grown since: then the table, as it is by now, takes the label.
                if (e.Error.Code == EtlErrorCode.ValueNotRepresentable
                    && await HasGrownAsync(failed, reconnection, stop).ConfigureAwait(false))
                    continue;
                _setAside.Add(new TableQuarantine(run).SetAside(tables.First(t => t.Oid == e.Oid), e.Error));
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.UnsupportedType && format == ValueFormat.Binary)
            {
                // A value inside another without a binary form: of a table that is published and not followed, or
                // altered since.
                resets.NeedText();
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.SlotActive && slotWait.IsWorthwhile)
            {
                await slotWait.PauseAsync(stop).ConfigureAwait(false);
            }
        }
    }

    private async Task<StreamEnd> StreamAsync(
        IReadOnlyList<TableRecord> tables, ValueFormat format, StreamGoal goal, StreamMeter meter,
        CancellationToken stop)
    {
        var position = run.State.FindPipeline()!.Position;
        using var connection = run.File.Connect();
        ScanThreads.Fit(connection, run.Definition.Destination);
        var applier = new BatchApplier(
            connection, new StateStore(connection, run.Definition.Name), new SourceRows(run.Source, stop), position,
            run.Faults);
        var streamed = new List<StreamedTable>();
        foreach (var table in tables.Where(t => t.State is TableState.Ready or TableState.CatchingUp))
        {
            var target = new StreamedTable(table.Schema, table.ReplayFrom ?? table.CopiedAt)
            {
                ExactAt = table.CopiedAt,
                // What began empty has no ranges, and knows only the rows that have changed since. Where there is a key
                // nobody asks.
                HasAllRows = table.KeyColumns.Count == 0 && resets.SendsAllRows
                    && run.State.ReadRanges(table.Oid).Count > 0,
            };
            streamed.Add(target);
            applier.Map(target, table.CurrentName, !table.IsVisible);
        }
        run.Tell($"Streaming from {position}{(format == ValueFormat.Text ? ", values as text" : "")}.",
            MilestoneLevel.Verbose);
        using var close = new CancellationTokenSource();
        using var spools = new SpoolFolder(SpoolFolder.PathOf(run.File.Path));
        var server = await ReplicationChannel.OpenAsync(
            run.Source, run.Definition.EffectiveSlotName, run.Definition.EffectivePublication, format, position,
            close.Token)
            .ConfigureAwait(false);
        var channel = new TransactionAssembler(server, spools, run.Faults, close.Token);
        await using var closing = channel.ConfigureAwait(false);
        var relations = new RelationMap(streamed) { Announced = _check.Watch.Nudge };
        var collector = new ChangeCollector(relations, position);
        var session = new StreamSession(
            channel, collector, applier, goal, meter, new StreamBoundary(run, resets, relations, applier));
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = _check.Watch.InterruptAsync(interrupt);
        try
        {
            return await session.RunAsync(stop, interrupt.Token).ConfigureAwait(false);
        }
        finally
        {
            await interrupt.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
            // A read that still waits must be over before its connection is closed.
            await close.CancelAsync().ConfigureAwait(false);
            await session.SettleAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Where copied tables are shown. What a table replays ends exactly there, for the changes behind it may be of rows
    /// that its key no longer tells apart; all others are shown together.
    /// </summary>
    private static Lsn? NextToShow(IReadOnlyList<TableRecord> tables)
    {
        var waiting = tables.Where(t => t.State == TableState.CatchingUp).ToList();
        return waiting.Where(t => t.ReplayFrom is not null).Min(t => (Lsn?)t.CopiedAt)
            ?? waiting.Max(t => (Lsn?)t.CopiedAt);
    }

    /// <summary>
    /// Whether a check of the source makes more of the table's types, or finds that it cannot be followed any more.
    /// </summary>
    private async Task<bool> HasGrownAsync(TableRecord table, Reconnection reconnection, CancellationToken stop)
    {
        await reconnection.RunAsync(CheckSourceAsync, stop).ConfigureAwait(false);
        var now = run.State.FindTable(table.Oid);
        return now is null || now.State == TableState.SetAside || !now.DuckDbTypes.SequenceEqual(table.DuckDbTypes);
    }

    /// <summary>Returns how many tables it set aside.</summary>
    private async Task<int> CheckSourceAsync(CancellationToken cancellationToken)
    {
        var aside = await _check.RunAsync(run.State.FindPipeline()!.Position, cancellationToken).ConfigureAwait(false);
        _setAside.AddRange(aside);
        return aside.Count;
    }

    /// <summary>All tables that the position has passed become visible together.</summary>
    private void ShowCaughtUp(Lsn position)
    {
        var shown = run.State.ReadTables().Where(t => t.State == TableState.CatchingUp && t.CopiedAt <= position)
            .ToList();
        if (shown.Count == 0) return;
        run.InTransaction(() =>
        {
            foreach (var table in shown)
            {
                TableDdl.Show(run.Connection, table);
                run.State.Losses.Show(table.Schema);
                run.State.SetReady(table.Oid);
            }
            run.Faults.Reached(Faults.FaultPoint.TableRenamed);
        });
        foreach (var table in shown) run.Observer.Post(new TableStateChanged(table.Source, TableState.Ready));
    }
}
