using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Compares a partitioned table's tree with the one that was copied: rows come and go with partitions, and by TRUNCATE
/// of a partition, without a change that Postgres sends.
/// </summary>
internal sealed class PartitionCheck(PipelineRun run)
{
    /// <summary>
    /// Whether partitions with new files were truncated together with their root, which the stream tells.
    /// </summary>
    public OpenQuestions Questions { get; } = new();

    /// <summary>Why the table cannot go on; null: it can, and the tree is stored as it is now.</summary>
    public async Task<EtlException?> FindProblemAsync(
        TableRecord root, PartitionTrees trees, PartitionCatalog catalog, Lsn position,
        CancellationToken cancellationToken)
    {
        var store = new PartitionStore(run.Connection, run.Definition.Name);
        var known = store.Read(root.Oid).ToDictionary(p => p.Oid);
        var now = trees.Partitions[root.Oid].ToList();
        // Dropped: that the publication does not have it any more is told elsewhere.
        if (now.Count == 0) return null;
        if (known.Count > 0)
        {
            var gone = known.Keys.Except(now.Select(p => p.Oid)).Count();
            if (gone > 0) return PartitionErrors.Gone(root.Source, gone);
            if (now.Find(p => known.TryGetValue(p.Oid, out var k) && k.AttachedBy != p.AttachedBy) is { } again)
                return PartitionErrors.AttachedAgain(root.Source, again.Name);
            if (await FindNewWithRowsAsync(known, now, catalog, cancellationToken)
                .ConfigureAwait(false) is { } attached)
                return PartitionErrors.Attached(root.Source, attached.Name);
            if (await FindTruncatedAsync(known, now, root.Oid, catalog, cancellationToken)
                .ConfigureAwait(false) is { } truncated)
                return Questions.AreOpen(root.Oid, trees.End, position)
                    ? null
                    : PartitionErrors.Truncated(root.Source, truncated.Name);
            Questions.Forget(root.Oid);
            if (now.TrueForAll(p => known.TryGetValue(p.Oid, out var k) && k.FileNode == p.FileNode)) return null;
        }
        run.InTransaction(() => store.Replace(
            root.Oid, now.Select(p => known.TryGetValue(p.Oid, out var k) && k.FileNode == p.FileNode
            ? k
            : new PartitionRecord(root.Oid, p.Oid, p.AttachedBy, p.FileNode, trees.Horizon))));
        return null;
    }

    private static async Task<Partition?> FindNewWithRowsAsync(
        Dictionary<uint, PartitionRecord> known, List<Partition> now, PartitionCatalog catalog,
        CancellationToken cancellationToken)
    {
        var fresh = now.Where(p => !known.ContainsKey(p.Oid)).ToList();
        // A partitioned table that was attached brought its own partitions, whatever they were made by.
        var subtreeAttached = fresh.Exists(p => !p.IsLeaf && p.Birth != PartitionBirth.Created);
        foreach (var leaf in fresh.Where(p => p.IsLeaf))
        {
            if (leaf.Birth == PartitionBirth.Created && !subtreeAttached) continue;
            var attachedLater = subtreeAttached || leaf.Birth == PartitionBirth.AttachedLater;
            if (await catalog.MayHoldUnsentRowsAsync(leaf, attachedLater, cancellationToken).ConfigureAwait(false))
                return leaf;
        }
        return null;
    }

    private static async Task<Partition?> FindTruncatedAsync(
        Dictionary<uint, PartitionRecord> known, List<Partition> now, uint root, PartitionCatalog catalog,
        CancellationToken cancellationToken)
    {
        // The stream has truncated the whole table since: every file is another one.
        if (known[root].FileNode is null) return null;
        foreach (var leaf in now.Where(p => p is { IsLeaf: true, FileNode: not 0 }))
        {
            // A new partition's first file bears its oid.
            var isTruncated = !known.TryGetValue(leaf.Oid, out var before) ? leaf.FileNode != leaf.Oid
                : before.FileNode != leaf.FileNode
                  && !await catalog.HoldsRowsOfBeforeAsync(leaf.Name, before.Horizon, cancellationToken)
                      .ConfigureAwait(false);
            if (isTruncated) return leaf;
        }
        return null;
    }
}
