using System.Diagnostics;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Pipelines.Stream;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Replication.Streaming;
using Npgsql.Replication;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>
/// Copies one table again beside a running stream: under the snapshot of a temporary slot into a hidden table, which
/// that slot's own stream brings up to where the running stream is and which the running stream then takes over.
/// </summary>
internal sealed class LiveReset(PipelineRun run, ResetDesk desk, DuckDBConnection connection, int workers)
{
    private const int MostRounds = 5;
    private const int MostLaps = 10;
    private static readonly TimeSpan ShortLap = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly StateStore _state = new(connection, run.Definition.Name);

    /// <summary>Returns when the new rows are shown, or are sure to be by the stream.</summary>
    public async Task<TableCopyResult> RunAsync(TableRecord known, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        Change(known.Oid, t => t with { ResetBegun = DateTimeOffset.UtcNow });
        TableRecord copied;
        try
        {
            copied = await CopyAsync(known, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The running stream has the copy: what broke is the copy's own stream, which nobody needs any more.
            if (FindTakenOver(known.Oid) is not { } taken)
            {
                Undo(known.Oid, e);
                throw;
            }
            run.Tell($"Table {known.Source} was taken over; then its own stream broke ({e.GetType().Name}).",
                MilestoneLevel.Verbose);
            copied = taken;
        }
        var shown = await ShownAsync(known.Oid, cancellationToken).ConfigureAwait(false);
        return new TableCopyResult(
            shown.Source, shown.Destination, shown.State, Copied: true, copied.Rows, copied.Bytes, shown.CopiedAt,
            Stopwatch.GetElapsedTime(begun), StoredError.Of(shown));
    }

    private async Task<TableRecord> CopyAsync(TableRecord known, CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            var slotName = SlotName.MakeTemporary();
            await using var slot = await SlotCreation
                .CreateAsync(run, slotName, temporary: true, null, cancellationToken, keepsConnection: true)
                .ConfigureAwait(false);
            run.Faults.Reached(FaultPoint.ResetSlotCreated);
            // Only now: whoever the slot's making waited for may have altered the table.
            var record = await LookAgainAsync(known, cancellationToken).ConfigureAwait(false);
            // The slot decodes all that is published.
            var format = desk.FormatOf(_state.ReadTables().Select(t => t.Schema).Append(record.Schema));
            try
            {
                var copy = new BesideCopy(run, slot, workers);
                var copied = await copy.RunAsync(record, cancellationToken).ConfigureAwait(false);
                run.Faults.Reached(FaultPoint.ResetCopied);
                var replication = slot.TakeConnection();
                // The snapshot holds up the source's vacuum.
                await slot.DisposeAsync().ConfigureAwait(false);
                await HandOverAsync(
                    copied, new CopiedTree(copy.Partitions), replication, slotName, format, cancellationToken)
                    .ConfigureAwait(false);
                return copied;
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.UnsupportedType && format == ValueFormat.Binary)
            {
                desk.NeedText();
                run.Tell(
                    $"Table {known.Source} is copied anew, to be followed by values as text.", MilestoneLevel.Verbose);
            }
            catch (TableRewrittenException) when (round < MostRounds)
            {
                run.Tell($"Table {known.Source} was rewritten since the snapshot; it is copied under a new one.",
                    MilestoneLevel.Verbose);
            }
            catch (TableRewrittenException)
            {
                throw ResetErrors.KeepsChanging(known.Source, MostRounds);
            }
        }
    }

    /// <summary>The table as it is now: what has changed there may be the reason of the reset.</summary>
    private async Task<TableRecord> LookAgainAsync(TableRecord known, CancellationToken cancellationToken)
    {
        var source = await run.Source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = source.ConfigureAwait(false);
        var publication = run.Definition.EffectivePublication;
        var published = await new CatalogReader(source).RequirePublishedTablesAsync(publication, cancellationToken)
            .ConfigureAwait(false);
        var looked = await new Surveyor(run.Definition, source, connection)
            .LookAgainAsync([known with { State = TableState.Pending }], usesSlot: true, cancellationToken)
            .ConfigureAwait(false);
        if (looked[0].Problem is { } problem) throw problem;
        if (published.All(t => t.Oid != known.Oid)) throw ResetErrors.Unpublished(known.Source, publication);
        return looked[0].Record;
    }

    private async Task HandOverAsync(
        TableRecord copied, CopiedTree tree, LogicalReplicationConnection replication, string slotName,
        ValueFormat format,
        CancellationToken cancellationToken)
    {
        using var writing = run.File.Connect();
        using var close = new CancellationTokenSource();
        // The stream that runs meanwhile numbers its files in the folder itself.
        using var spools = new SpoolFolder(Path.Combine(SpoolFolder.PathOf(run.File.Path), $"reset_{copied.Oid}"));
        var server = await NpgsqlReplicationChannel.StartAsync(
            run.Source, replication, slotName, run.Definition.EffectivePublication, format, copied.CopiedAt,
            close.Token)
            .ConfigureAwait(false);
        var channel = new TransactionAssembler(server, spools, run.Faults, close.Token);
        await using var closing = channel.ConfigureAwait(false);
        var table = new StreamedTable(copied.Schema, copied.CopiedAt) { HasAllRows = desk.SendsAllRows };
        var applier = new BatchApplier(writing, new NoPosition(
            new FetchStore(writing, run.Definition.Name), tree, new LossStore(writing, run.Definition.Name)),
        new SourceRows(run.Source, cancellationToken), copied.CopiedAt, run.Faults);
        applier.Map(table, copied.HiddenName, isHidden: true);
        var catchUp = new TableCatchUp(
            channel, new ChangeCollector(new RelationMap([table]), copied.CopiedAt), applier, copied.CopiedAt);
        try
        {
            await ComeNearAsync(catchUp, cancellationToken).ConfigureAwait(false);
            run.Faults.Reached(FaultPoint.ResetCaughtUp);
            await OfferAsync(copied, tree, catchUp, cancellationToken).ConfigureAwait(false);
            run.Faults.Reached(FaultPoint.ResetHandedOver);
        }
        finally
        {
            applier.RollBack();
            // A read that still waits must be over before its connection is closed.
            await close.CancelAsync().ConfigureAwait(false);
            await catchUp.SettleAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Until a lap behind the server takes so little that the running stream can wait for another one.
    /// </summary>
    private async Task ComeNearAsync(TableCatchUp catchUp, CancellationToken cancellationToken)
    {
        var source = await run.Source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = source.ConfigureAwait(false);
        var end = new SourcePosition(run.Source, source);
        for (var lap = 0; lap < MostLaps; lap++)
        {
            var begun = Stopwatch.GetTimestamp();
            await catchUp.RunToAsync(await end.ReadAsync(cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
            if (Stopwatch.GetElapsedTime(begun) < ShortLap) return;
        }
    }

    private async Task OfferAsync(
        TableRecord copied, CopiedTree tree, TableCatchUp catchUp, CancellationToken cancellationToken)
    {
        var handover = new TableHandover(copied, tree, catchUp.From, catchUp.To);
        desk.Offer(handover);
        try
        {
            await foreach (var wanted in handover.WantedAsync(cancellationToken).ConfigureAwait(false))
            {
                await catchUp.RunToAsync(wanted, cancellationToken).ConfigureAwait(false);
                handover.Reached(catchUp.From, catchUp.To);
            }
        }
        catch (Exception)
        {
            desk.Withdraw(handover);
            if (await handover.WithdrawAsync().ConfigureAwait(false)) throw;
        }
    }

    private async Task<TableRecord> ShownAsync(uint oid, CancellationToken cancellationToken)
    {
        while (true)
        {
            var table = _state.FindTable(oid)!;
            if (table.State != TableState.CatchingUp || cancellationToken.IsCancellationRequested) return table;
            await Task.Delay(Tick, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// The table, where the stream has its copy; null: it has not. Taking it over ends the note that its reset has
    /// begun.
    /// </summary>
    private TableRecord? FindTakenOver(uint oid) => _state.FindTable(oid) is { ResetBegun: null } taken ? taken : null;

    /// <summary>
    /// What was visible stays. A reset that only the stream's end cut off stays noted, and is made anew by the next
    /// run.
    /// </summary>
    private void Undo(uint oid, Exception failure) => Change(oid, table =>
    {
        TableDdl.DropHidden(connection, table);
        _state.Losses.DropHidden(oid);
        if (desk.Closing.IsCancellationRequested) return table;
        var error = (failure as TableFailedException)?.Error ?? failure as EtlException;
        return table.State == TableState.SetAside && error is not null
            ? table with { ResetBegun = null, Error = TableError.Of(error, table.StandsAt) }
            : table with { ResetBegun = null };
    });

    private void Change(uint oid, Func<TableRecord, TableRecord> change) =>
        run.File.ChangeCatalog(connection, () => _state.UpsertTable(change(_state.FindTable(oid)!)));
}
