using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Copies the tables that are not copied yet: under the slot's own snapshot the first time, under that of a temporary slot
/// whenever something is left over.
/// </summary>
internal sealed class BackfillRunner(PipelineRun run, NpgsqlConnection source, IReadOnlySet<uint>? only = null)
{
    private const int MostRounds = 5;

    public async Task<IReadOnlyList<TableCopyResult>> RunAsync(
        Survey survey, BackfillOptions options, CancellationToken cancellationToken)
    {
        var results = new Dictionary<uint, TableCopyResult>();
        var firstSnapshot = survey.StartsAnew ? await StartAsync(survey, cancellationToken).ConfigureAwait(false) : null;
        if (!survey.StartsAnew) SetAsideProblems(survey);

        for (var round = 0; ; round++)
        {
            var pending = run.State.ReadTables().Where(t => t.State is TableState.Pending or TableState.Copying && only?.Contains(t.Oid) != false).ToList();
            if (pending.Count == 0) break;
            if (round == MostRounds) throw KeepsChanging(pending[0]);
            await using var snapshot = firstSnapshot ?? await LaterSnapshotAsync(survey.UsesSlot, cancellationToken).ConfigureAwait(false);
            firstSnapshot = null;
            // Only now: whoever the slot's making waited for may have altered the tables.
            var current = await new Surveyor(run.Definition, source, run.Connection)
                .LookAgainAsync(pending, survey.UsesSlot, cancellationToken).ConfigureAwait(false);
            foreach (var gone in current.Where(t => t.Problem is not null))
                results[gone.Record.Oid] = SetAside(gone.Record, gone.Problem!);
            await CopyAllAsync(
                [.. current.Where(t => t.Problem is null).Select(t => t.Record)], snapshot, options.Workers, results, cancellationToken)
                .ConfigureAwait(false);
        }
        if (firstSnapshot is not null) await firstSnapshot.DisposeAsync().ConfigureAwait(false);
        return [.. run.State.ReadTables().Select(t => results.GetValueOrDefault(t.Oid) ?? NotCopied(t, survey))];
    }

    private Task<SnapshotSlot> StartAsync(Survey survey, CancellationToken cancellationToken)
    {
        var start = new PipelineStart(run, source);
        return survey.UsesSlot
            ? start.WithSlotAsync(survey, cancellationToken)
            : start.WithoutSlotAsync(survey, cancellationToken);
    }

    private async Task<SnapshotSlot> LaterSnapshotAsync(bool usesSlot, CancellationToken cancellationToken)
    {
        if (!usesSlot) return await SnapshotSlot.WithoutSlotAsync(run.Source, cancellationToken).ConfigureAwait(false);
        return await SlotCreation
            .CreateAsync(run, SlotName.MakeTemporary(), temporary: true, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task CopyAllAsync(
        IReadOnlyList<TableRecord> tables, SnapshotSlot snapshot, int workers, Dictionary<uint, TableCopyResult> results,
        CancellationToken cancellationToken)
    {
        var position = run.State.FindPipeline()!.Position;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, workers), CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(tables, parallel, async (table, stop) =>
        {
            var result = await CopyOneAsync(table, snapshot, position, stop).ConfigureAwait(false);
            if (result is null) return;
            lock (results) results[table.Oid] = result;
        }).ConfigureAwait(false);
    }

    /// <summary>Null: the table was rewritten since the snapshot, which would see it empty, and is copied in the next round.</summary>
    private async Task<TableCopyResult?> CopyOneAsync(
        TableRecord table, SnapshotSlot snapshot, Lsn position, CancellationToken cancellationToken)
    {
        using var connection = run.File.Connect();
        try
        {
            return await new TableCopier(run, connection).CopyAsync(table, snapshot, position, cancellationToken).ConfigureAwait(false);
        }
        catch (TableRewrittenException)
        {
            run.Tell($"Table {table.Source} was rewritten since the snapshot; it is copied under a new one.", MilestoneLevel.Verbose);
            return null;
        }
        catch (TableFailedException e)
        {
            return SetAside(table, e.Error);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (DuckDbErrors.ConcernsOneTable(e)) return SetAside(table, DuckDbErrors.OfTable(e, table.Source));
            var error = e as EtlException ?? (e is DuckDB.NET.Data.DuckDBException ? DuckDbErrors.Translate(e, run.File.Path) : run.Source.Translate(e));
            if (!IsOfTheTable(error)) throw error;
            return SetAside(table, error);
        }
    }

    /// <summary>Errors that one table meets and the others do not.</summary>
    private static bool IsOfTheTable(EtlException error) =>
        error.Code is EtlErrorCode.PermissionDenied or EtlErrorCode.TableNotFound or EtlErrorCode.SchemaChanged
            or EtlErrorCode.ValueNotRepresentable or EtlErrorCode.UnsupportedType
            or EtlErrorCode.NameCollision;

    private TableCopyResult SetAside(TableRecord table, EtlException error) => new TableQuarantine(run).SetAside(table, error);

    private void SetAsideProblems(Survey survey)
    {
        foreach (var table in survey.Tables)
            if (table.Problem is { } problem && only?.Contains(table.Record.Oid) != false)
                SetAside(table.Record, problem);
    }

    private static TableCopyResult NotCopied(TableRecord table, Survey survey)
    {
        var error = survey.Tables.FirstOrDefault(t => t.Record.Oid == table.Oid)?.Problem ?? StoredError.Of(table);
        return new TableCopyResult(
            table.Source, table.Destination, table.State, Copied: false, table.Rows, table.Bytes, table.CopiedAt, TimeSpan.Zero, error);
    }

    private static EtlException KeepsChanging(TableRecord table) => new(
        EtlErrorCode.SchemaChanged,
        $"Table {table.Source} was rewritten {MostRounds} times while it was to be copied.",
        "Start again when VACUUM FULL, CLUSTER or ALTER TABLE of that table are through.")
    {
        Subject = table.Source.ToString(),
    };
}
