namespace EtlPs.Engine.Changes;

/// <summary>What Postgres logs of the old row for UPDATE and DELETE (pg_class.relreplident).</summary>
public enum ReplicaIdentity
{
    /// <summary>The primary key's columns, where there is a primary key ('d').</summary>
    Default,

    /// <summary>Nothing ('n'): UPDATE and DELETE fail once the table is published.</summary>
    Nothing,

    /// <summary>The whole old row ('f').</summary>
    Full,

    /// <summary>The columns of a chosen unique index ('i').</summary>
    Index,
}
