using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Stream;
using EtlPs.Engine.Postgres;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Opens what a run needs and closes it again. The source comes first: a wrong password must not leave an empty file behind.
/// </summary>
internal sealed class PipelineSession : IAsyncDisposable
{
    private readonly DuckDbFile? _owned;

    private PipelineSession(PipelineRun run, NpgsqlConnection source, DuckDbFile? owned)
    {
        Run = run;
        Source = source;
        _owned = owned;
    }

    public PipelineRun Run { get; }

    public NpgsqlConnection Source { get; }

    /// <param name="definition">The pipeline.</param>
    /// <param name="shared">An instance that outlives the run, for <c>:memory:</c>; null: a file, opened for the run.</param>
    /// <param name="request">What the run will survey, so that a refusal leaves no new file; null: it surveys nothing.</param>
    /// <param name="observer">Who watches.</param>
    /// <param name="faults">What may break it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public static async Task<PipelineSession> OpenAsync(
        PipelineDefinition definition, DuckDbFile? shared, SurveyRequest? request, IPipelineObserver observer,
        IFaultHook faults, CancellationToken cancellationToken)
    {
        var connector = new PostgresConnector(definition.Source);
        var source = await connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        DuckDbFile? owned = null;
        try
        {
            // What the source refuses must not leave an empty file behind.
            if (request is { } asked && shared is null && !System.IO.File.Exists(definition.Destination.Path))
                await SurveyAsync(new Surveyor(definition, source, null), asked, cancellationToken)
                    .ConfigureAwait(false);
            var file = shared ?? (owned = DuckDbFile.Open(definition.Destination));
            var connection = file.Connect();
            var run = new PipelineRun(
                definition, connector, file, connection, new StateStore(connection, definition.Name), observer, faults);
            return new PipelineSession(run, source, owned);
        }
        catch
        {
            owned?.Dispose();
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

    public async ValueTask DisposeAsync()
    {
        Run.Connection.Dispose();
        _owned?.Dispose();
        await Source.DisposeAsync().ConfigureAwait(false);
    }
}
