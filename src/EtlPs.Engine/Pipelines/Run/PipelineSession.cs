using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Pipelines.Planning;
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

    /// <param name="shared">An instance that outlives the run, for <c>:memory:</c>; null: the file is opened and closed.</param>
    public static async Task<PipelineSession> OpenAsync(
        PipelineDefinition definition, DuckDbFile? shared, IPipelineObserver observer, IFaultHook faults, CancellationToken cancellationToken)
    {
        var connector = new PostgresConnector(definition.Source);
        var source = await connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        DuckDbFile? owned = null;
        try
        {
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
        new Surveyor(Run.Definition, Source, Run.Connection).TakeAsync(request, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Run.Connection.Dispose();
        _owned?.Dispose();
        await Source.DisposeAsync().ConfigureAwait(false);
    }
}
