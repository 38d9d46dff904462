namespace EtlPs.Engine.Tests.Differential;

/// <summary>How a table made at random tells its rows apart.</summary>
internal enum RandomIdentity
{
    /// <summary>A primary key.</summary>
    PrimaryKey,

    /// <summary>A primary key, and REPLICA IDENTITY FULL all the same.</summary>
    FullWithKey,

    /// <summary>No key, REPLICA IDENTITY FULL: a multiset.</summary>
    Full,

    /// <summary>A unique index that is not the primary key.</summary>
    UsingIndex,
}
