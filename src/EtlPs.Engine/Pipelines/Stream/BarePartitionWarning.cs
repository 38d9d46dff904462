using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Tells of partitions that came without a replica identity, which no partition inherits: nothing of the copy is wrong,
/// but since their table is published, the source's own UPDATE and DELETE fail there.
/// </summary>
internal sealed class BarePartitionWarning(PipelineRun run)
{
    private const int MostOfMessage = 3;

    private readonly HashSet<uint> _told = [];

    /// <summary>Tells each once, and again after it had been mended.</summary>
    public async Task TellAsync(
        NpgsqlConnection connection, IReadOnlyList<TableSchema> published, CancellationToken cancellationToken)
    {
        var ours = run.State.ReadTables().ToDictionary(t => t.Oid, t => t.Source);
        var found = await new PartitionCatalog(connection)
            .FindBareAsync([.. published.Where(t => ours.ContainsKey(t.Oid))], cancellationToken).ConfigureAwait(false);
        var failing = found.Where(p => p.FailsWrites).ToList();
        _told.IntersectWith(failing.Select(p => p.Oid));
        var fresh = failing.Where(p => !_told.Contains(p.Oid)).ToList();
        if (fresh.Count == 0 || !await SendsChangesAsync(connection, cancellationToken).ConfigureAwait(false)) return;
        _told.UnionWith(fresh.Select(p => p.Oid));
        foreach (var bare in fresh.GroupBy(p => p.Root))
        {
            var more = bare.Count() > MostOfMessage ? " …" : "";
            run.Tell(
                $"Without a replica identity in {ours[bare.Key]}: "
                + $"{string.Join(", ", bare.Take(MostOfMessage).Select(p => p.Name))}{more}. As the table is "
                + "published, the source's own UPDATE and DELETE fail there. Let the owner run: "
                + $"{string.Join(' ', bare.Take(MostOfMessage).Select(p => p.Sql))}{more} Test-EtlPipeline has all "
                + "statements.",
                MilestoneLevel.Warning);
        }
    }

    /// <summary>A publication of inserts lets updates and deletes be.</summary>
    private async Task<bool> SendsChangesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await new PublicationCatalog(connection).FindAsync(run.Definition.EffectivePublication, cancellationToken)
        .ConfigureAwait(false)
            is { Update: true } or { Delete: true };
}
