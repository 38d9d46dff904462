namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>The first byte of a pgoutput message (protocols 1 and 2).</summary>
internal enum PgOutputKind : byte
{
    Begin = (byte)'B',
    Commit = (byte)'C',
    Relation = (byte)'R',
    Type = (byte)'Y',
    Origin = (byte)'O',
    Insert = (byte)'I',
    Update = (byte)'U',
    Delete = (byte)'D',
    Truncate = (byte)'T',
    Message = (byte)'M',
    StreamStart = (byte)'S',
    StreamStop = (byte)'E',
    StreamCommit = (byte)'c',
    StreamAbort = (byte)'A',
}
