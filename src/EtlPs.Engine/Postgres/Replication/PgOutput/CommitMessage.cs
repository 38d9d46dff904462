using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>A transaction is complete.</summary>
/// <param name="CommitLsn">The commit record's LSN.</param>
/// <param name="EndLsn">The LSN behind it: the one to store and to acknowledge.</param>
/// <param name="CommitTime">When it was committed, by the source's clock.</param>
internal readonly record struct CommitMessage(Lsn CommitLsn, Lsn EndLsn, DateTimeOffset CommitTime)
{
    public static CommitMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.Commit);
        // Flags: none are defined yet.
        reader.ReadByte();
        var commit = new CommitMessage(reader.ReadLsn(), reader.ReadLsn(), reader.ReadTime());
        reader.RequireEnd();
        return commit;
    }
}
