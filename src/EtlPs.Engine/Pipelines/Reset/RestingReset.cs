using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>
/// Copies tables again while no run is under way. The copy is newer than the pipeline's position, so that the next
/// stream shows it when it has come there; until then the earlier rows stay.
/// </summary>
internal sealed class RestingReset(PipelineSession session)
{
    private readonly PipelineRun _run = session.Run;

    public async Task<IReadOnlyList<TableCopyResult>> RunAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        if (_run.State.FindPipeline() is not { Stage: not PipelineStage.Creating } known)
            throw ResetErrors.NothingCopied(_run.Definition);
        var tables = TableSelection.Select(_run.State.ReadTables(), t => t.Source, patterns, _run.Definition);
        var oids = tables.Select(t => t.Oid).ToHashSet();
        var request = new SurveyRequest(Restart: false, known.Stage == PipelineStage.SnapshotOnly, Resets: oids);
        // What the source refuses must leave the tables as they are.
        await session.SurveyAsync(request, cancellationToken).ConfigureAwait(false);
        _run.InTransaction(() => InterruptedResets.Queue(_run, tables));
        var survey = await session.SurveyAsync(request, cancellationToken).ConfigureAwait(false);
        var results = await new BackfillRunner(_run, session.Source, oids)
            .RunAsync(survey, new BackfillOptions(), cancellationToken).ConfigureAwait(false);
        var names = _run.State.ReadTables().Where(t => oids.Contains(t.Oid)).Select(t => t.Source).ToHashSet();
        var reset = results.Where(r => names.Contains(r.Source)).ToList();
        var waiting = reset.Where(r => r.State == TableState.CatchingUp).Select(r => r.Source.ToString()).ToList();
        if (waiting.Count > 0)
            _run.Tell(
                $"Copied, and shown by the next Start-EtlStream of {_run.Definition.Name} once it has come there: "
                + $"{string.Join(", ", waiting)}. Until then the earlier rows stay.");
        return reset;
    }
}
