using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>Partitioned tables' trees at one moment.</summary>
/// <param name="Partitions">By root; the root is in its own tree.</param>
/// <param name="Horizon">Transactions before this one were over when the trees were read.</param>
/// <param name="End">Where the WAL ended afterwards: whatever the trees show was written before.</param>
internal sealed record PartitionTrees(ILookup<uint, Partition> Partitions, ulong Horizon, Lsn End);
