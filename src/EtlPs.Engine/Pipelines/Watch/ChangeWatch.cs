using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Values;
using EtlPs.Engine.Sources;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>
/// The change stream of a source for somebody who looks on, from now: through a temporary slot, which goes with its
/// session, and a publication that is there or is made for the time of the watch. Nothing is stored, and a watch that
/// ends is over.
/// </summary>
public sealed class ChangeWatch
{
    private readonly PostgresConnector _source;
    private readonly WatchOptions _options;
    private readonly IReadOnlyList<TableName>? _published;
    private readonly IReadOnlyList<string> _leftovers;
    private readonly ValueTypes _types;
    private readonly string _slot = $"etlps_watch_{Guid.NewGuid():N}";

    private ChangeWatch(
        PostgresConnector source, WatchOptions options,
        IReadOnlyList<TableName>? published, IReadOnlyList<string> leftovers,
        ValueTypes types)
    {
        _source = source;
        _options = options;
        _published = published;
        _leftovers = leftovers;
        _types = types;
    }

    /// <summary>
    /// What the watch makes at the source, and takes away again; and what others left that it takes away.
    /// </summary>
    public IReadOnlyList<PlannedEffect> Effects
    {
        get
        {
            var slot = new PlannedEffect(
                $"replication slot {_slot} on {_source.Settings}", "Create a temporary replication slot",
                $"CREATE_REPLICATION_SLOT {_slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT");
            if (_published is null) return [slot];
            return
            [
                .. _leftovers.Select(left => new PlannedEffect(
                    $"publication {left} in {_source.Settings}", "Drop what a watch left that was killed",
                    PublicationCatalog.DropStatement(left))),
                new PlannedEffect(
                    $"publication {Publication} in {_source.Settings}",
                    "Create a publication for the time of the watch",
                    PublicationCatalog.CreateStatement(Publication, _published)),
                slot,
            ];
        }
    }

    private string Publication => _options.Publication ?? TemporaryPublication.NameFor(_slot);

    /// <summary>Looks whether it can be done, by reads only.</summary>
    /// <exception cref="Errors.EtlException">What stands in the way.</exception>
    public static async Task<ChangeWatch> PrepareAsync(
        SourceSettings source, WatchOptions options, CancellationToken cancellationToken)
    {
        var connector = new PostgresConnector(source);
        var connection = await connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        try
        {
            var published = await new WatchPreparation(connection, source, options).RunAsync(cancellationToken)
                .ConfigureAwait(false);
            IReadOnlyList<string> leftovers = published is null
                ? []
                : await TemporaryPublication.FindLeftoversAsync(connection, cancellationToken).ConfigureAwait(false);
            return new ChangeWatch(
                connector, options, published, leftovers,
                await ValueTypes.ReadAsync(connection, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw connector.Translate(e);
        }
    }

    /// <summary>Tells changes, and milestones, until an option or the token ends it.</summary>
    /// <param name="tell">Takes one event; the source waits for it.</param>
    /// <param name="cancellationToken">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>LsnReached or DurationOver.</returns>
    /// <exception cref="Errors.EtlException">The connection broke, or whatever else ends it.</exception>
    public async Task<StreamEnd> RunAsync(
        Func<PipelineEvent, CancellationToken, ValueTask> tell, CancellationToken cancellationToken)
    {
        using var time = new Deadline(_options.Timeout, cancellationToken);
        try
        {
            await using var publication = _published is null
                ? null
                : await TemporaryPublication
                    .CreateAsync(_source, Publication, _published, _leftovers, time.Token).ConfigureAwait(false);
            var reader = new ChangeReader(_types, [.. _options.Tables.Select(TablePattern.Parse)]);
            return await new WatchSession(_source, _slot, Publication, reader, tell)
                .RunAsync(_options.UntilLsn, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.HasPassed)
        {
            return StreamEnd.DurationOver;
        }
    }
}
