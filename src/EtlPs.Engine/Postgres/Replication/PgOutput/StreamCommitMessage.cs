namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>A transaction that was sent in chunks is complete.</summary>
/// <param name="Xid">Its transaction id.</param>
/// <param name="Commit">What an ordinary COMMIT tells.</param>
internal readonly record struct StreamCommitMessage(uint Xid, CommitMessage Commit)
{
    public static StreamCommitMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.StreamCommit);
        var xid = reader.ReadUInt32();
        // Flags: none are defined yet.
        reader.ReadByte();
        var commit = new CommitMessage(reader.ReadLsn(), reader.ReadLsn(), reader.ReadTime());
        reader.RequireEnd();
        return new StreamCommitMessage(xid, commit);
    }
}
