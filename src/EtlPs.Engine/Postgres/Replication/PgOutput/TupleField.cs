namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>How one column of a tuple is sent.</summary>
internal enum TupleField : byte
{
    Null = (byte)'n',

    /// <summary>A TOASTed value that the change left alone: not sent, and neither NULL nor known here.</summary>
    Unchanged = (byte)'u',

    /// <summary>The type's text output, in the session's settings; also for types without a send function.</summary>
    Text = (byte)'t',

    /// <summary>The type's send function's bytes.</summary>
    Binary = (byte)'b',
}
