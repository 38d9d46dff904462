using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// The source as it is now, beside what the destination knows of it. Looked at before each run, and before each new
/// connection of a run: whoever answers at an address may be another server, or the same one with another past.
/// </summary>
internal sealed class SourceLook
{
    private readonly PipelineDefinition _definition;
    private readonly PipelineRecord? _known;
    private readonly Lsn? _left;

    private SourceLook(
        PipelineDefinition definition, ServerIdentity identity, PipelineRecord? known, PublicationInfo? publication,
        SlotInfo? slot,
        Lsn? left)
    {
        _definition = definition;
        _known = known;
        _left = left;
        Identity = identity;
        Publication = publication;
        Rules = new PipelineRules(definition, identity, known, publication, slot);
    }

    public ServerIdentity Identity { get; }

    public PublicationInfo? Publication { get; }

    public PipelineRules Rules { get; }

    /// <summary>
    /// The timeline that the destination knows and the source has left since; null: it is the same one.
    /// </summary>
    public uint? LeftTimeline => IsFollowed && _known!.Timeline != Identity.Timeline ? _known.Timeline : null;

    private bool IsFollowed =>
        _known is { Stage: PipelineStage.Active } && _known.SystemIdentifier == Identity.SystemIdentifier;

    public static async Task<SourceLook> ReadAsync(
        PipelineDefinition definition, NpgsqlConnection source, PipelineRecord? known,
        CancellationToken cancellationToken)
    {
        var identity = await ServerIdentity.ReadAsync(source, cancellationToken).ConfigureAwait(false);
        var publication = await new PublicationCatalog(source)
            .FindAsync(definition.EffectivePublication, cancellationToken).ConfigureAwait(false);
        var slot = await new SlotCatalog(source).FindAsync(definition.EffectiveSlotName, cancellationToken)
            .ConfigureAwait(false);
        var left = known is { Stage: PipelineStage.Active } && known.Timeline < identity.Timeline
            ? await TimelineSwitch.FindAsync(
                new PostgresConnector(definition.Source), known.Timeline, identity.Timeline, cancellationToken)
                .ConfigureAwait(false)
            : null;
        return new SourceLook(definition, identity, known, publication, slot, left);
    }

    /// <summary>Whether the pipeline may go on from what the destination holds.</summary>
    /// <exception cref="EtlException">It may not.</exception>
    public void CheckContinuation(SurveyRequest request)
    {
        Rules.CheckSource();
        if (IsFollowed) CheckHistory();
        Rules.CheckContinuation(request);
    }

    /// <summary>
    /// What is stored must be a part of the server's past. Postgres itself would not complain: asked for a position
    /// beyond its end, it waits and leaves out what it writes until then; asked for one that it reached by another way,
    /// it goes on there.
    /// </summary>
    private void CheckHistory()
    {
        // Its timeline, stored too early, would make the next start take what comes after the promotion for a foreign
        // past.
        if (Identity.IsStandby)
            throw new EtlException(
                EtlErrorCode.SourceUnreachable,
                $"The server at {_definition.Source.Host}:{_definition.Source.Port} is a standby: it sends no changes "
                + "yet.",
                "Promote it, or name the primary.");
        var position = _known!.Position;
        if (Identity.Timeline < _known.Timeline || Identity.WalEnd < position)
            throw Changed(
                $"The source stands at {Identity.WalEnd} of timeline {Identity.Timeline}, before what "
                + $"{_definition.Destination} holds: {position} of timeline {_known.Timeline}. It was probably "
                + "restored from an older backup.");
        if (LeftTimeline is { } timeline && (_left is null || _left < position))
            throw Changed(
                $"The source left timeline {timeline} "
                + $"{(_left is { } left ? $"at {left}" : "in a way it does not tell")}, and {_definition.Destination} "
                + $"holds what timeline {timeline} had up to {position}. It was restored to an earlier time, or a "
                + "standby was promoted that had not received everything.");
    }

    private EtlException Changed(string message) => new(
        EtlErrorCode.SourceChanged,
        message,
        "The destination holds changes that the source has no more. Use -Restart to copy anew, or correct -Source.")
    {
        Subject = _definition.Name,
    };
}
