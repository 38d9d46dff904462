using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Fidelity;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Reset;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Pipelines.Stream;
using EtlPs.Engine.Postgres;

namespace EtlPs.Engine.Pipelines;

/// <summary>
/// A pipeline that can be run: one run at a time. Every method throws <see cref="EtlException"/> for what the user can
/// mend, and <see cref="OperationCanceledException"/> when it was stopped; what is committed stays.
/// </summary>
public sealed class Pipeline
{
    private readonly IFaultHook _faults;
    private readonly object _gate = new();
    private readonly PipelineFile _file;
    private LiveStream? _live;
    private bool _running;

    /// <summary>Makes a pipeline; nothing is touched.</summary>
    public Pipeline(PipelineDefinition definition)
        : this(definition, new NoFaults())
    {
    }

    internal Pipeline(PipelineDefinition definition, IFaultHook faults)
    {
        Definition = definition;
        _faults = faults;
        _file = new PipelineFile(definition.Destination);
    }

    /// <summary>What it is.</summary>
    public PipelineDefinition Definition { get; }

    /// <summary>Whether a run is under way in this object.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate) return _running;
        }
    }

    /// <summary>
    /// Looks at all that a start looks at, by reads only, and tells each thing; also while a run is under way.
    /// </summary>
    /// <param name="options">What the start would be: with a slot or without, anew or going on.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public Task<IReadOnlyList<PipelineCheck>> CheckAsync(
        BackfillOptions options, CancellationToken cancellationToken) => Task.Run(
        () => new PipelineInspection(Definition, _file, Request(options), IsRunning).RunAsync(cancellationToken),
        cancellationToken);

    /// <summary>What a backfill would do, by reads only.</summary>
    public Task<PipelinePlan> PlanBackfillAsync(BackfillOptions options, CancellationToken cancellationToken) =>
        PlanAsync(
            Request(options),
            options.Workers,
            (survey, forecast) => new PlanWriter(Definition, survey, forecast).Backfill(options),
            cancellationToken);

    /// <summary>Copies what is not copied yet. Returns one result for each table.</summary>
    public Task<IReadOnlyList<TableCopyResult>> BackfillAsync(
        BackfillOptions options, IPipelineObserver observer, CancellationToken cancellationToken) => RunAsync(
        observer,
        Request(options),
        async session =>
        {
            var run = session.Run with { OnTableError = options.OnTableError };
            InterruptedResets.TakeUp(run);
            var survey = await session.SurveyAsync(Request(options), cancellationToken).ConfigureAwait(false);
            RunStart.Check(run, survey);
            await SlotFailover.EnableAsync(run, survey, cancellationToken).ConfigureAwait(false);
            await TableJoining.RunAsync(run, session.Source, survey, cancellationToken).ConfigureAwait(false);
            return await new BackfillRunner(run, session.Source)
                .RunAsync(survey, options, cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>What a stream would do, by reads only.</summary>
    public Task<PipelinePlan> PlanStreamAsync(StreamOptions options, CancellationToken cancellationToken) => PlanAsync(
        Request(options),
        options.Workers,
        (survey, forecast) => new PlanWriter(Definition, survey, forecast).Stream(options),
        cancellationToken);

    /// <summary>
    /// Follows the source until an option, or the token, ends it. A stop by the token returns a result too.
    /// </summary>
    public Task<StreamResult> StreamAsync(
        StreamOptions options, IPipelineObserver observer, CancellationToken cancellationToken) => RunAsync(
        observer,
        Request(options),
        async session =>
        {
            var run = session.Run with { OnTableError = options.OnTableError };
            InterruptedResets.TakeUp(run);
            var survey = await session.SurveyAsync(Request(options), cancellationToken).ConfigureAwait(false);
            RunStart.Check(run, survey);
            await SlotFailover.EnableAsync(run, survey, cancellationToken).ConfigureAwait(false);
            await TableJoining.RunAsync(run, session.Source, survey, cancellationToken).ConfigureAwait(false);
            var resets = new ResetDesk(survey.SendsAllRows);
            await using var closing = resets.ConfigureAwait(false);
            lock (_gate) _live = new LiveStream(run, resets, options.Workers);
            try
            {
                return await new StreamRunner(run, session.Source, resets)
                    .RunAsync(survey, options, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                lock (_gate) _live = null;
            }
        },
        cancellationToken);

    /// <summary>What a reset of tables would do, by reads only; also while a stream runs.</summary>
    public Task<PipelinePlan> PlanResetAsync(IReadOnlyList<string> tables, CancellationToken cancellationToken) =>
        ReadAsync(
            (source, destination) => ResetPlan.MakeAsync(Definition, source, destination, tables, cancellationToken),
            cancellationToken,
            isFineWhileRunning: true);

    /// <summary>
    /// Copies tables again: beside the stream that runs in this object, which takes them over when they have caught up;
    /// else for the next stream to show. What is visible of them stays until then.
    /// </summary>
    /// <param name="tables">Names as in SQL, with wildcards.</param>
    /// <param name="observer">Who watches.</param>
    /// <param name="cancellationToken">Gives it up; what is not shown by then is dropped.</param>
    public Task<IReadOnlyList<TableCopyResult>> ResetAsync(
        IReadOnlyList<string> tables, IPipelineObserver observer, CancellationToken cancellationToken)
    {
        LiveStream? live;
        lock (_gate) live = _live;
        if (live is not null)
            return Task.Run(() => live.ResetAsync(tables, observer, cancellationToken), CancellationToken.None);
        if (NewDatabase.IsDue(Definition.Destination)) throw ResetErrors.NothingCopied(Definition);
        return RunAsync(
            observer, null, session => new RestingReset(session).RunAsync(tables, cancellationToken),
            cancellationToken);
    }

    /// <summary>What a removal would drop, by reads only.</summary>
    public Task<PipelinePlan> PlanRemovalAsync(CancellationToken cancellationToken) => ReadAsync(
        async (session, destination) =>
        {
            var known = destination is null ? null : new StateStore(destination, Definition.Name).FindPipeline();
            return await PipelineRemoval.PlanAsync(Definition, session, known, cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Drops the slot and publication that the pipeline made, and its state; the copied tables stay.</summary>
    public async Task RemoveAsync(IPipelineObserver observer, CancellationToken cancellationToken)
    {
        if (NewDatabase.IsDue(Definition.Destination))
        {
            observer.Post(new Milestone(PipelineRemoval.NothingKnown(Definition), MilestoneLevel.Warning));
            return;
        }
        await RunAsync(
            observer,
            null,
            async session =>
            {
                await PipelineRemoval.RunAsync(session.Run, session.Source, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the destination knows of the pipeline; null: nothing yet.</summary>
    public Task<PipelineStatus?> ReadStatusAsync(CancellationToken cancellationToken) => ReadAsync(
        reading => reading is null ? null : StatusReader.Read(reading.Connection, Definition.Name), cancellationToken);

    /// <summary>
    /// The tables that the destination knows, also while a run has it open; empty where there is none yet.
    /// </summary>
    /// <param name="patterns">Names as in SQL, with wildcards; empty: all. One without a wildcard must name a
    /// table.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public Task<IReadOnlyList<TableStatus>> ReadTablesAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken) => ReadAsync(
        reading =>
        {
            var tables = reading is null ? null : StatusReader.Read(reading.Connection, Definition.Name)?.Tables;
            return TableSelection.Select(tables ?? [], t => t.Source, patterns, Definition);
        },
        cancellationToken);

    /// <summary>
    /// What was not written as it is, also while a run has the destination open; by table, column and LSN, some
    /// thousands at a time.
    /// </summary>
    /// <param name="patterns">Names as in SQL, with wildcards; empty: all. One without a wildcard must name a
    /// table.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public IAsyncEnumerable<IReadOnlyList<TableLoss>> ReadLossesAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken) =>
        new LossReader(_file, Definition).ReadAsync(patterns, cancellationToken);

    /// <summary>
    /// Whether a sample of the source's rows arrives in DuckDB as what it is, by column; reads only, and leaves the
    /// destination alone.
    /// </summary>
    /// <param name="patterns">Names as in SQL, with wildcards; empty: all. One without a wildcard must name a
    /// table.</param>
    /// <param name="sampleSize">How many rows of each table.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<IReadOnlyList<ColumnFidelity>> TestFidelityAsync(
        IReadOnlyList<string> patterns, int sampleSize, CancellationToken cancellationToken)
    {
        try
        {
            return await new FidelityCheck(Definition, sampleSize).RunAsync(patterns, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (RunErrors.Translate(e, Definition) is var error && !ReferenceEquals(error, e))
        {
            throw error;
        }
    }

    /// <summary>
    /// Runs one reading statement on the destination, on the run's own instance while one is under way.
    /// </summary>
    public Task<QueryResult> QueryAsync(string sql, CancellationToken cancellationToken) => ReadAsync(
        reading => reading is null ? throw DoesNotExist()
        : reading.File.Query(sql, cancellationToken), cancellationToken);

    /// <summary>DuckDB's interface is synchronous.</summary>
    private Task<T> ReadAsync<T>(Func<DestinationReading?, T> read, CancellationToken cancellationToken) => Task.Run(
        () => _file.ReadAsync(reading => Task.FromResult(read(reading)), cancellationToken), cancellationToken);

    private SurveyRequest Request(BackfillOptions options) =>
        new(options.Restart, options.SnapshotOnly || Definition.Destination.IsInMemory, options.Conditions);

    private static SurveyRequest Request(StreamOptions options) => new(options.Restart, SnapshotOnly: false);

    private async Task<T> RunAsync<T>(
        IPipelineObserver observer, SurveyRequest? request, Func<PipelineSession, Task<T>> work,
        CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            var session = await PipelineSession
                .OpenAsync(Definition, _file, request, observer, _faults, cancellationToken).ConfigureAwait(false);
            await using var closing = session.ConfigureAwait(false);
            return await Task.Run(() => work(session), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (RunErrors.Translate(e, Definition) is var error && !ReferenceEquals(error, e))
        {
            throw error;
        }
        finally
        {
            lock (_gate) _running = false;
        }
    }

    private Task<PipelinePlan> PlanAsync(
        SurveyRequest request, int workers, Func<Survey, CopyForecast, PipelinePlan> write,
        CancellationToken cancellationToken) =>
        ReadAsync(
            async (source, destination) =>
            {
                var survey = await new Surveyor(Definition, source, destination)
                    .TakeAsync(request, cancellationToken).ConfigureAwait(false);
                return write(
                    survey, await CopyForecast.MakeAsync(source, survey, workers, cancellationToken).ConfigureAwait(
                        false));
            },
            cancellationToken);

    /// <summary>
    /// Looks at both sides without changing either: a destination that does not exist yet is not created.
    /// </summary>
    private async Task<T> ReadAsync<T>(
        Func<Npgsql.NpgsqlConnection, DuckDB.NET.Data.DuckDBConnection?, Task<T>> work,
        CancellationToken cancellationToken,
        bool isFineWhileRunning = false)
    {
        if (IsRunning && !isFineWhileRunning) throw AlreadyRunning();
        try
        {
            var source = await new PostgresConnector(Definition.Source).OpenAsync(cancellationToken)
                .ConfigureAwait(false);
            await using var closing = source.ConfigureAwait(false);
            return await _file.ReadAsync(reading => work(source, reading?.Connection), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (RunErrors.Translate(e, Definition) is var error && !ReferenceEquals(error, e))
        {
            throw error;
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (_running) throw AlreadyRunning();
            _running = true;
        }
    }

    private EtlException DoesNotExist() => new(
        EtlErrorCode.DestinationUnavailable,
        $"{Definition.Destination} does not exist yet.",
        "Run Start-EtlBackfill or Start-EtlStream first.")
    {
        Subject = Definition.Destination.ToString(),
    };

    private EtlException AlreadyRunning() => new(
        EtlErrorCode.PipelineRunning,
        $"Pipeline {Definition.Name} is running already in this session.",
        "Wait for it (Wait-Job), or stop it with Stop-EtlPipeline.")
    {
        Subject = Definition.Name,
    };
}
