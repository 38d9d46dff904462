namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>A transaction that was sent in chunks, or a subtransaction of it, was rolled back.</summary>
/// <param name="Xid">The id of the top-level transaction.</param>
/// <param name="SubXid">The id of what was rolled back; the same where that is all of it.</param>
internal readonly record struct StreamAbortMessage(uint Xid, uint SubXid)
{
    public static StreamAbortMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.StreamAbort);
        var abort = new StreamAbortMessage(reader.ReadUInt32(), reader.ReadUInt32());
        reader.RequireEnd();
        return abort;
    }
}
