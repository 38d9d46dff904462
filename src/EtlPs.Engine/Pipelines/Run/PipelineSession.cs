using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Stream;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Opens what a run needs and closes it again. The source comes first: a wrong password must not leave a new file
/// behind.
/// </summary>
internal sealed class PipelineSession : IAsyncDisposable
{
    private readonly PipelineFile _destination;

    private PipelineSession(PipelineRun run, NpgsqlConnection source, PipelineFile destination)
    {
        Run = run;
        Source = source;
        _destination = destination;
    }

    public PipelineRun Run { get; }

    public NpgsqlConnection Source { get; }

    /// <param name="definition">The pipeline.</param>
    /// <param name="destination">Its destination, which is closed with the session.</param>
    /// <param name="request">What the run will survey, so that a refusal leaves no new file; null: it surveys
    /// nothing.</param>
    /// <param name="observer">Who watches.</param>
    /// <param name="faults">What may break it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public static async Task<PipelineSession> OpenAsync(
        PipelineDefinition definition, PipelineFile destination, SurveyRequest? request, IPipelineObserver observer,
        IFaultHook faults, CancellationToken cancellationToken)
    {
        var connector = new PostgresConnector(definition.Source) { LongestSilence = definition.LongestSilence };
        var source = await connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        var opened = false;
        try
        {
            // What the source refuses must not leave a new file behind.
            var survey = request is { } asked && NewDatabase.IsDue(definition.Destination)
                ? await SurveyAsync(new Surveyor(definition, source, null), asked, cancellationToken)
                    .ConfigureAwait(false)
                : null;
            var file = await destination.OpenAsync(
                opened => ChooseRowGroupsAsync(opened, definition, survey, source, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            opened = true;
            // Only here, where the file's lock is held, are they certainly nobody's.
            SpoolFolder.RemoveLeftovers(SpoolFolder.PathOf(file.Path));
            var connection = file.Connect();
            var run = new PipelineRun(
                definition, connector, file, connection, new StateStore(connection, definition.Name), observer, faults);
            // State that an older version wrote.
            if (run.State.HasSchema()) run.InTransaction(run.State.EnsureSchema);
            return new PipelineSession(run, source, destination);
        }
        catch
        {
            if (opened) await destination.CloseAsync().ConfigureAwait(false);
            await source.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Looks at everything before a run.</summary>
    public Task<Survey> SurveyAsync(SurveyRequest request, CancellationToken cancellationToken) =>
        SurveyAsync(new Surveyor(Run.Definition, Source, Run.Connection), request, cancellationToken);

    /// <summary>The server may not have noticed yet that an earlier run of this pipeline was killed.</summary>
    private static async Task<Survey> SurveyAsync(
        Surveyor surveyor, SurveyRequest request, CancellationToken cancellationToken)
    {
        var wait = new SlotWait();
        while (true)
        {
            try
            {
                return await surveyor.TakeAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.SlotActive && wait.IsWorthwhile)
            {
                await wait.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task ChooseRowGroupsAsync(
        DuckDbFile file, PipelineDefinition definition, Survey? survey, NpgsqlConnection source,
        CancellationToken cancellationToken)
    {
        var tables = survey?.Tables.Select(t => t.Record.Oid).ToList() ?? TablesIn(file, definition);
        var sizes = await new CatalogReader(source).ReadEstimatedSizesAsync(tables, cancellationToken)
            .ConfigureAwait(false);
        file.UseRowGroupsOf(RowGroups.For(sizes.Values));
    }

    private static List<uint> TablesIn(DuckDbFile file, PipelineDefinition definition)
    {
        using var connection = file.Connect();
        var state = new StateStore(connection, definition.Name);
        return state.HasSchema() ? [.. state.ReadTables().Select(t => t.Oid)] : [];
    }

    public async ValueTask DisposeAsync()
    {
        Run.Connection.Dispose();
        await _destination.CloseAsync().ConfigureAwait(false);
        await Source.DisposeAsync().ConfigureAwait(false);
    }
}
