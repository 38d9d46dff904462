using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>A transaction begins. Sent only once it has committed, so its commit's LSN is known already.</summary>
/// <param name="FinalLsn">The commit record's own LSN, not its end.</param>
/// <param name="CommitTime">When it was committed, by the source's clock.</param>
/// <param name="Xid">Its transaction id.</param>
internal readonly record struct BeginMessage(Lsn FinalLsn, DateTimeOffset CommitTime, uint Xid)
{
    public static BeginMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.Begin);
        var begin = new BeginMessage(reader.ReadLsn(), reader.ReadTime(), reader.ReadUInt32());
        reader.RequireEnd();
        return begin;
    }
}
