using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Copies the tables that are not copied yet: under the slot's own snapshot the first time, under that of a temporary
/// slot whenever something is left over.
/// </summary>
internal sealed class BackfillRunner(PipelineRun run, NpgsqlConnection source, IReadOnlySet<uint>? only = null)
{
    private const int MostRounds = 5;

    private readonly HashSet<uint> _begun = [];
    private SnapshotSlot? _snapshot;

    public async Task<IReadOnlyList<TableCopyResult>> RunAsync(
        Survey survey, BackfillOptions options, CancellationToken cancellationToken)
    {
        try
        {
            if (survey.StartsAnew) _snapshot = await StartAsync(survey, cancellationToken).ConfigureAwait(false);
            return survey.UsesSlot
                ? await new SlotWatch(run).DuringAsync(token => CopyAsync(survey, options, token), cancellationToken)
                    .ConfigureAwait(false)
                : await CopyAsync(survey, options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await EndSnapshotAsync().ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<TableCopyResult>> CopyAsync(
        Survey survey, BackfillOptions options, CancellationToken cancellationToken)
    {
        var results = new Dictionary<uint, TableCopyResult>();
        if (!survey.StartsAnew) SetAsideProblems(survey);

        var reconnection = new Reconnection(
            run, source, new SurveyRequest(Restart: false, SnapshotOnly: !survey.UsesSlot), options.ReconnectTimeout);
        for (var round = 0; ReadPending() is { Count: > 0 } pending; round++)
        {
            if (round == MostRounds)
            {
                foreach (var table in pending) results[table.Oid] = SetAside(table, KeepsChanging(table));
                break;
            }
            await reconnection.RunAsync(
                token => CopyRoundAsync(survey.UsesSlot, options.Workers, results, token), cancellationToken)
                .ConfigureAwait(false);
            await EndSnapshotAsync().ConfigureAwait(false);
        }
        return [.. run.State.ReadTables().Select(t => results.GetValueOrDefault(t.Oid) ?? NotCopied(t, survey))];
    }

    private List<TableRecord> ReadPending() =>
        [.. run.State.ReadTables()
            .Where(t => t.State is TableState.Pending or TableState.Copying && only?.Contains(t.Oid) != false)];

    /// <summary>Copies what is not copied yet, under the snapshot of the try before as long as that is there.</summary>
    private async Task<bool> CopyRoundAsync(
        bool usesSlot, int workers, Dictionary<uint, TableCopyResult> results, CancellationToken cancellationToken)
    {
        if (_snapshot is not null && !await _snapshot.IsAliveAsync(cancellationToken).ConfigureAwait(false))
            await EndSnapshotAsync().ConfigureAwait(false);
        _snapshot ??= await LaterSnapshotAsync(usesSlot, cancellationToken).ConfigureAwait(false);
        // Only now: whoever the slot's making waited for may have altered the tables.
        var current = await new Surveyor(run.Definition, source, run.Connection)
            .LookAgainAsync(ReadPending(), usesSlot, cancellationToken).ConfigureAwait(false);
        foreach (var gone in current.Where(t => t.Problem is not null))
            results[gone.Record.Oid] = SetAside(gone.Record, gone.Problem!);
        await new CopyRound(run, _snapshot, workers, _begun, results)
            .RunAsync(current.Where(t => t.Problem is null), cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task EndSnapshotAsync()
    {
        if (_snapshot is not { } snapshot) return;
        _snapshot = null;
        _begun.Clear();
        await snapshot.DisposeAsync().ConfigureAwait(false);
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
        var snapshot = await SlotCreation
            .CreateAsync(run, SlotName.MakeTemporary(), temporary: true, null, cancellationToken).ConfigureAwait(false);
        run.Faults.Reached(FaultPoint.LaterSnapshotTaken);
        return snapshot;
    }

    private TableCopyResult SetAside(TableRecord table, EtlException error) =>
        new TableQuarantine(run).SetAside(table, error);

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
            table.Source, table.Destination, table.State, Copied: false, table.Rows, table.Bytes, table.CopiedAt,
            TimeSpan.Zero, error);
    }

    private static EtlException KeepsChanging(TableRecord table) => new(
        EtlErrorCode.SchemaChanged,
        $"Table {table.Source} was rewritten {MostRounds} times while it was to be copied.",
        "Copy it again with Reset-EtlTable when TRUNCATE, VACUUM FULL, CLUSTER or ALTER TABLE of it are through.")
    {
        Subject = table.Source.ToString(),
    };
}
