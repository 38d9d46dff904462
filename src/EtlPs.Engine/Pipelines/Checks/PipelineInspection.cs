using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>
/// Looks at everything that a start looks at, by the same rules and by reads only, and tells all that it finds where a
/// start refuses at the first. What was not reached is left out: the check that failed before says why.
/// </summary>
/// <param name="definition">The pipeline.</param>
/// <param name="file">Its destination.</param>
/// <param name="request">What the start would be.</param>
/// <param name="isRunning">Whether a run of this session is under way: then its slot is in use, and rightly so.</param>
internal sealed class PipelineInspection(
    PipelineDefinition definition, PipelineFile file, SurveyRequest request, bool isRunning)
{
    private readonly Checklist _list = new(definition);
    private bool _isWritable;

    private bool UsesSlot => !request.SnapshotOnly;

    public async Task<IReadOnlyList<PipelineCheck>> RunAsync(CancellationToken cancellationToken)
    {
        CheckLibrary();
        var source = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (source is not null)
                await InspectedAsync(() => new ServerChecks(_list, source, definition)
                    .RunAsync(UsesSlot, cancellationToken))
                    .ConfigureAwait(false);
            await ReadDestinationAsync(source, cancellationToken).ConfigureAwait(false);
            return _list.Checks;
        }
        finally
        {
            if (source is not null) await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Null: there is no session, and a check says why. Some poolers refuse one before anything can be asked.
    /// </summary>
    private async Task<NpgsqlConnection?> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            var source = await new PostgresConnector(definition.Source).OpenAsync(cancellationToken)
                .ConfigureAwait(false);
            _list.Pass("Connection", $"Connected to {definition.Source}.");
            return source;
        }
        catch (EtlException e)
        {
            _list.Fail(e.Code == EtlErrorCode.PoolerInBetween ? "NoPooler" : "Connection", e);
            return null;
        }
    }

    private void CheckLibrary()
    {
        using var memory = new DuckDBConnection($"DataSource={DuckDbSettings.InMemory}");
        memory.Open();
        _list.Pass("NativeLibrary", $"DuckDB {memory.ServerVersion}.");
    }

    private async Task ReadDestinationAsync(NpgsqlConnection? source, CancellationToken cancellationToken)
    {
        var isOpen = false;
        try
        {
            await file.ReadAsync(
                async reading =>
                {
                    isOpen = true;
                    _isWritable = await _list.RunAsync(
                        "Destination", () => Task.FromResult(DestinationChecks.RequireWritable(definition.Destination)))
                        .ConfigureAwait(false);
                    if (source is not null)
                        await InspectedAsync(() => InspectAsync(source, reading?.Connection, cancellationToken))
                            .ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!isOpen && RunErrors.Translate(e, definition) is EtlException problem)
        {
            _list.Fail("Destination", problem);
        }
    }

    /// <summary>What breaks in the middle is a check that failed, too.</summary>
    private async Task InspectedAsync(Func<Task> checks)
    {
        try
        {
            await checks().ConfigureAwait(false);
        }
        catch (Exception e) when (RunErrors.Translate(e, definition) is EtlException problem)
        {
            if (!_list.Tells(problem)) _list.Fail("Start", problem);
        }
    }

    private async Task InspectAsync(
        NpgsqlConnection source, DuckDBConnection? destination, CancellationToken cancellationToken)
    {
        var state = destination is null ? null : new StateStore(destination, definition.Name);
        var known = state?.FindPipeline();
        var earlier = state?.ReadTables() ?? [];
        var startsAnew = request.Restart || known is null or { Stage: PipelineStage.Creating };
        var surveyor = new Surveyor(definition, source, destination);
        var look = await SourceLook.ReadAsync(definition, source, known, cancellationToken).ConfigureAwait(false);
        if (UsesSlot) CheckSlot(look, startsAnew);
        IReadOnlyList<TableSchema> tables = [];
        var found = await _list.RunAsync("Tables", async () =>
        {
            tables = startsAnew
                ? await surveyor.SelectAsync(request, look.Publication, cancellationToken).ConfigureAwait(false)
                : await surveyor.ReadNowAsync(earlier.Where(t => t.State != TableState.SetAside), cancellationToken)
                    .ConfigureAwait(false);
            return $"{tables.Count} tables.";
        }).ConfigureAwait(false);
        if (PipelineRules.SetAside(definition, startsAnew ? [] : earlier) is { } aside)
            _list.Warn("SetAside", aside, "Mend the causes, and copy the tables again with Reset-EtlTable.");
        if (found)
            await new TableChecks(_list, definition, new Preflight(source, definition.Source), surveyor)
                .RunAsync(tables, look.Publication, UsesSlot, startsAnew, cancellationToken).ConfigureAwait(false);
        if (isRunning)
        {
            CheckSpace(null);
            return;
        }
        var survey = await surveyor.TakeAsync(request, cancellationToken).ConfigureAwait(false);
        CheckJoining(survey.Joining);
        var forecast = await CopyForecast
            .MakeAsync(source, survey, BackfillOptions.DefaultWorkers, cancellationToken).ConfigureAwait(false);
        CheckSpace(forecast.Total);
        _list.Pass("Start", $"{survey.TablesToCopy.Count()} of {survey.Tables.Count} tables would be copied.");
    }

    private void CheckJoining(JoiningTables joining)
    {
        if (joining.IdleExclusions.Count > 0)
            _list.Warn("ExcludedTables", string.Join(" ", joining.IdleExclusions),
                "Correct the name, or take it out of -ExcludeTable.");
        if (joining.Warnings.Count > 0)
            _list.Warn("JoiningTables", string.Join(" ", joining.Warnings),
                joining.IsKnown
                    ? "Mend it, or leave the table out with -ExcludeTable."
                    : "Check again when the lock is gone.");
        if (joining.Tables.Count > 0)
            _list.Pass("JoiningTables",
                $"Would be taken up: {string.Join(", ", joining.Tables.Select(t => t.Record.Source))}.");
    }

    private void CheckSpace(CopyEstimate? toCopy)
    {
        if (_isWritable) DestinationChecks.CheckSpace(_list, definition.Destination, toCopy);
    }

    private void CheckSlot(SourceLook look, bool startsAnew)
    {
        try
        {
            if (startsAnew) look.Rules.CheckStart(request, UsesSlot);
            else look.CheckContinuation(request);
            CheckOperations(look, startsAnew);
            _list.Pass(
                "Slot", startsAnew
                    ? $"Replication slot {definition.EffectiveSlotName} can be made."
                    : $"Replication slot {definition.EffectiveSlotName} has all that {definition.Destination} lacks.");
        }
        catch (EtlException e) when (isRunning && e.Code == EtlErrorCode.SlotActive)
        {
            _list.Pass("Slot", $"A run of this session streams from replication slot {definition.EffectiveSlotName}.");
        }
        catch (EtlException e)
        {
            _list.Fail(e.Code == EtlErrorCode.PublicationUnusable ? "Publication" : "Slot", e);
        }
    }

    private void CheckOperations(SourceLook look, bool startsAnew)
    {
        var name = definition.EffectivePublication;
        if (look.Rules.MissingOperations() is { } missing)
            _list.Warn(
                "Publication", missing, "Let its owner publish all four, or do without.",
                $"ALTER PUBLICATION {TableName.Quote(name)} SET (publish = 'insert, update, delete, truncate');");
        else
            _list.Pass(
                "Publication", startsAnew && definition.Publication is null
                    ? $"Publication {name} can be made."
                    : $"Publication {name} publishes insert, update, delete and truncate.");
    }
}
