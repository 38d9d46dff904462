namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>How a partition came into its tree.</summary>
internal enum PartitionBirth
{
    /// <summary>CREATE TABLE … PARTITION OF: it was empty.</summary>
    Created,

    /// <summary>Attached by the transaction that made it, which may have filled it before.</summary>
    AttachedAtOnce,

    /// <summary>A table that was there before.</summary>
    AttachedLater,
}
