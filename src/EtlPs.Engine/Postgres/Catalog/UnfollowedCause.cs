namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>Why a stream does not follow a partition.</summary>
internal enum UnfollowedCause
{
    /// <summary>A foreign table: its rows are another server's.</summary>
    Foreign,

    /// <summary>Unlogged: its changes are not in the WAL.</summary>
    Unlogged,

    /// <summary>What it logs of a changed row is not what the table's rows are found by.</summary>
    OtherKey,
}
