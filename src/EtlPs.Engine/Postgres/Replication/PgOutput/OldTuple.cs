namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>What an UPDATE or DELETE tells of the old row.</summary>
internal enum OldTuple : byte
{
    /// <summary>Nothing: an INSERT, or an UPDATE that left the key alone.</summary>
    None = 0,

    /// <summary>The key's columns; the other columns are sent as NULL and are no values.</summary>
    Key = (byte)'K',

    /// <summary>The whole old row (REPLICA IDENTITY FULL).</summary>
    Full = (byte)'O',
}
